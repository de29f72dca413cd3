import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { DevicePage } from '~/ui/device/device-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Sign in a command line · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/device', { permission: 'token.manage' })}>
      <DevicePage />
    </SignedIn>
  )
}
