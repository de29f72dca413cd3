import type { Metadata } from 'next'
import { signedInPage } from '~/server/account/signed-in-page'
import { ApprovalsPage } from '~/ui/approvals/approvals-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Approvals · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await signedInPage('/approvals')}>
      <ApprovalsPage />
    </SignedIn>
  )
}
