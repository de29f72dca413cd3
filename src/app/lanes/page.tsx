import type { Metadata } from 'next'
import { FirstView } from '~/app/first-view'
import { requireMember } from '~/server/account/page-member'
import { LanesPage } from '~/ui/lanes/lanes-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Lanes · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/lanes')}>
      <FirstView reads={({ surfaces }) => [surfaces.list.prefetch()]}>
        <LanesPage />
      </FirstView>
    </SignedIn>
  )
}
