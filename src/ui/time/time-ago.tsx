'use client'

import { useMemo } from 'react'
import { useReaderZone } from '~/ui/time/reader-zone'
import { duration, exactTimes, exactUtc, relativeTime } from '~/ui/time/relative-time'
import { useNow, useTimeText } from '~/ui/time/use-now'

/** A relative time that updates while answers arrive. Its title has the exact time in UTC and the reader's zone; paper shows the exact time. */
export function TimeAgo({ at }: { readonly at: string }) {
  const words = useTimeText((now) => relativeTime(at, now))
  const zone = useReaderZone()
  const exact = useMemo(() => exactTimes(at, zone), [at, zone])
  return (
    <time dateTime={at} title={exact} data-exact={exactUtc(at)} className="whitespace-nowrap tabular-nums">
      <span>{words ?? exact}</span>
    </time>
  )
}

/** The time between two events. Counts up while `until` is null and answers arrive. */
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
