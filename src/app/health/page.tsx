import type { Metadata } from 'next'
import { signedInPage } from '~/server/account/signed-in-page'
import { HealthPage } from '~/ui/health/health-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Health · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await signedInPage('/health', { permission: 'health.read' })}>
      <HealthPage />
    </SignedIn>
  )
}
