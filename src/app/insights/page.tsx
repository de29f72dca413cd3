import type { Metadata } from 'next'
import { Suspense } from 'react'
import { requireMember } from '~/server/account/page-member'
import { InsightsPage } from '~/ui/insights/insights-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Insights · Deploy Console' }

/** Suspense, because the page reads its filter from the address in the browser. */
export default async function Page({ searchParams }: PageProps<'/insights'>) {
  const member = await requireMember('/insights', { search: await searchParams })
  return (
    <SignedIn member={member}>
      <Suspense>
        <InsightsPage />
      </Suspense>
    </SignedIn>
  )
}
