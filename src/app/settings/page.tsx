import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { SettingsPage } from '~/ui/settings/settings-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Settings · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/settings', { permission: 'health.read' })}>
      <SettingsPage />
    </SignedIn>
  )
}
