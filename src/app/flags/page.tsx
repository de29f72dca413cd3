import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { Flags } from '~/ui/flags/flags'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Flags · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/flags')}>
      <Flags />
    </SignedIn>
  )
}
