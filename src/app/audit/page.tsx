import type { Metadata } from 'next'
import { Suspense } from 'react'
import { requireMember } from '~/server/account/page-member'
import { AuditTrail } from '~/ui/audit/audit-trail'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Audit · Deploy Console' }

/** Suspense, because the filter is read from the address in the browser. */
export default async function Page({ searchParams }: PageProps<'/audit'>) {
  return (
    <SignedIn member={await requireMember('/audit', { search: await searchParams })}>
      <Suspense>
        <AuditTrail />
      </Suspense>
    </SignedIn>
  )
}
