import type { Metadata } from 'next'
import { Suspense } from 'react'
import { AuditLog } from '~/ui/audit-log/audit-log'

export const metadata: Metadata = { title: 'Audit · Deploy Console' }

/** Suspense because the filter is in the address, which only the browser knows. */
export default function Page() {
  return (
    <Suspense>
      <AuditLog />
    </Suspense>
  )
}
