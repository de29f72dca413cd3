'use client'

import { useSearchParams } from 'next/navigation'
import { useMemo } from 'react'
import { type FilterName, type FilterText, filterQuery, readFilter } from '~/ui/audit-log/filter-address'

const go = (filter: FilterText) => window.history.replaceState(null, '', window.location.pathname + filterQuery(filter))

/** The filter lives in the address, so that what an auditor looks at can be sent as a link. */
export function useAuditFilter() {
  const params = useSearchParams()
  const filter = useMemo(() => readFilter(params), [params])
  return {
    filter,
    change: (name: FilterName, value: string) => go({ ...filter, [name]: value }),
    clear: () => go({}),
  }
}
