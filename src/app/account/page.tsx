import type { Metadata } from 'next'
import { signedInPage } from '~/server/account/signed-in-page'
import { AccountPage } from '~/ui/account/account-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Account · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await signedInPage('/account')}>
      <AccountPage />
    </SignedIn>
  )
}
