import type { Metadata } from 'next'
import { signedInPage } from '~/server/account/signed-in-page'
import { FreezesPage } from '~/ui/freezes/freezes-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Freezes · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await signedInPage('/freezes')}>
      <FreezesPage />
    </SignedIn>
  )
}
