import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { HealthPage } from '~/ui/health/health-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Health · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/health', { permission: 'health.read' })}>
      <HealthPage />
    </SignedIn>
  )
}
