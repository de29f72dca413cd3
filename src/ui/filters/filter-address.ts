'use client'

import { useSearchParams } from 'next/navigation'
import { useMemo } from 'react'
import { type FilterText, readFilter } from '~/domain/filter-text'

/** For example `?actor=operator&from=2026-11-21`, always in the same order; empty without a filter. */
export function filterQuery<Name extends string>(
  names: readonly Name[],
  filter: FilterText<Name>,
  more: Readonly<Record<string, string>> = {},
): string {
  const params = new URLSearchParams(more)
  for (const name of names) {
    const value = filter[name]
    if (value) params.set(name, value)
  }
  const query = params.toString()
  return query === '' ? '' : `?${query}`
}

/** The filter is part of the address, so that it can be shared as a link. */
export function useFilter<Name extends string>(names: readonly Name[]) {
  const params = useSearchParams()
  const filter = useMemo(() => readFilter(names, params), [names, params])
  const show = (next: FilterText<Name>) =>
    window.history.replaceState(null, '', window.location.pathname + filterQuery(names, next))
  return {
    filter,
    show,
    change: (name: Name, value: string) => show({ ...filter, [name]: value }),
    clear: () => show(readFilter(names, new URLSearchParams())),
  }
}
