'use client'

import { duration } from '~/ui/time/duration'
import { exactUtc } from '~/ui/time/relative-time'
import { useNow } from '~/ui/time/use-now'

/** Time since (or between) recorded events: counts while `until` is open and answers come, stands still otherwise. */
export function Elapsed({ since, until }: { readonly since: string; readonly until: string | null }) {
  const now = useNow()
  const end = until === null ? now : Date.parse(until)
  const range = until === null ? `since ${exactUtc(since)}` : `${exactUtc(since)} to ${exactUtc(until)}`
  return (
    <span title={range} className="whitespace-nowrap tabular-nums">
      {end === null ? '–:––' : duration(Date.parse(since), end)}
    </span>
  )
}
