import type { Metadata } from 'next'
import { FirstView } from '~/app/first-view'
import { requireMember } from '~/server/account/page-member'
import { PeoplePage } from '~/ui/members/people-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'People · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/people', { permission: 'member.manage' })}>
      <FirstView reads={({ members }) => [members.list.prefetchInfinite({}), members.invitations.prefetch()]}>
        <PeoplePage />
      </FirstView>
    </SignedIn>
  )
}
