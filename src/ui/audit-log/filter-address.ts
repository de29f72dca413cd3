'use client'

import { useSearchParams } from 'next/navigation'
import { useMemo } from 'react'
import { AUDIT_FILTER_NAMES } from '~/domain/audit/log'

export type FilterName = (typeof AUDIT_FILTER_NAMES)[number]

/** What the address asks for, as it is written there; the server says when a value is none. */
export type FilterText = Readonly<Partial<Record<FilterName, string>>>

export function readFilter(params: { get(name: string): string | null }): FilterText {
  const filter: Partial<Record<FilterName, string>> = {}
  for (const name of AUDIT_FILTER_NAMES) {
    const value = params.get(name)?.trim()
    if (value) filter[name] = value
  }
  return filter
}

/** `?actor=operator&from=2026-11-21`, always in the same order; empty without a filter. */
export function filterQuery(filter: FilterText, more: Readonly<Record<string, string>> = {}): string {
  const params = new URLSearchParams(more)
  for (const name of AUDIT_FILTER_NAMES) {
    const value = filter[name]
    if (value) params.set(name, value)
  }
  const query = params.toString()
  return query === '' ? '' : `?${query}`
}

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
