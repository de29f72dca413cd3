import type { Metadata } from 'next'
import { FirstView } from '~/app/first-view'
import { requireMember } from '~/server/account/page-member'
import { FreezesPage } from '~/ui/freezes/freezes-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Freezes · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/freezes')}>
      <FirstView
        reads={({ surfaces, freezes }) => [
          surfaces.list.prefetch(),
          freezes.list.prefetch({}),
          freezes.list.prefetchInfinite({}),
        ]}
      >
        <FreezesPage />
      </FirstView>
    </SignedIn>
  )
}
