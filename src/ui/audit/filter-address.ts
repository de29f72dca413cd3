'use client'

import { useSearchParams } from 'next/navigation'
import { useMemo } from 'react'
import { AUDIT_FILTER_NAMES } from '~/domain/audit/trail'

export type FilterName = (typeof AUDIT_FILTER_NAMES)[number]

/** The filter as written in the address. The server refuses an invalid value. */
export type FilterText = Readonly<Partial<Record<FilterName, string>>>

export function readFilter(params: { get(name: string): string | null }): FilterText {
  const filter: Partial<Record<FilterName, string>> = {}
  for (const name of AUDIT_FILTER_NAMES) {
    const value = params.get(name)?.trim()
    if (value) filter[name] = value
  }
  return filter
}

/** For example `?actor=operator&from=2026-11-21`, always in the same order; empty without a filter. */
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

/** The filter is part of the address, so that an auditor can share it as a link. */
export function useAuditFilter() {
  const params = useSearchParams()
  const filter = useMemo(() => readFilter(params), [params])
  return {
    filter,
    change: (name: FilterName, value: string) => go({ ...filter, [name]: value }),
    clear: () => go({}),
  }
}
