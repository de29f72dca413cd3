import type { Metadata } from 'next'
import { signedInPage } from '~/server/account/signed-in-page'
import { PeoplePage } from '~/ui/people/people-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'People · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await signedInPage('/people', { permission: 'member.manage' })}>
      <PeoplePage />
    </SignedIn>
  )
}
