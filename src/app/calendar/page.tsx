import type { Metadata } from 'next'
import { FirstView } from '~/app/first-view'
import { requireMember } from '~/server/account/page-member'
import { CalendarPage } from '~/ui/calendar/calendar-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Calendar · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/calendar')}>
      <FirstView reads={({ surfaces }) => [surfaces.list.prefetch()]}>
        <CalendarPage />
      </FirstView>
    </SignedIn>
  )
}
