import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { AccountPage } from '~/ui/account/account-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Account · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/account')}>
      <AccountPage />
    </SignedIn>
  )
}
