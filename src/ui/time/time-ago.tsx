'use client'

import { useMemo } from 'react'
import { exactTimes, exactUtc, relativeTime } from '~/ui/time/relative-time'
import { useNow } from '~/ui/time/use-now'

const readerZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

/** A relative time that keeps itself current while answers come, with the exact time, UTC and the reader's own, on hover. */
export function TimeAgo({ at }: { readonly at: string }) {
  const now = useNow()
  // The server does not know the reader's zone.
  const inBrowser = now !== null
  const exact = useMemo(() => (inBrowser ? exactTimes(at, readerZone()) : exactUtc(at)), [at, inBrowser])
  return (
    <time dateTime={at} title={exact} className="whitespace-nowrap tabular-nums">
      {now === null ? exact : relativeTime(at, now)}
    </time>
  )
}
