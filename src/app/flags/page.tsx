import type { Metadata } from 'next'
import { signedInPage } from '~/server/account/signed-in-page'
import { Flags } from '~/ui/flags/flags'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Flags · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await signedInPage('/flags')}>
      <Flags />
    </SignedIn>
  )
}
