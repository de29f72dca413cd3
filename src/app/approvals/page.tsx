import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { ApprovalsPage } from '~/ui/approvals/approvals-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Approvals · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/approvals')}>
      <ApprovalsPage />
    </SignedIn>
  )
}
