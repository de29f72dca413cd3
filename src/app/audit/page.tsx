import type { Metadata } from 'next'
import { FirstView } from '~/app/first-view'
import { AUDIT_FILTER_NAMES } from '~/domain/audit/trail'
import { readFilter } from '~/domain/filter-text'
import { asParams, requireMember } from '~/server/account/page-member'
import { AuditTrail } from '~/ui/audit/audit-trail'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Audit · Deploy Console' }

export default async function Page({ searchParams }: PageProps<'/audit'>) {
  const search = await searchParams
  const filter = readFilter(AUDIT_FILTER_NAMES, asParams(search))
  return (
    <SignedIn member={await requireMember('/audit', { search })}>
      <FirstView
        reads={({ audit }) => [
          audit.list.prefetchInfinite({ filter }),
          audit.facets.prefetch(),
          audit.sealState.prefetch(),
        ]}
      >
        <AuditTrail />
      </FirstView>
    </SignedIn>
  )
}
