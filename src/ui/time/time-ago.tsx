'use client'

import { exactUtc, relativeTime } from '~/ui/time/relative-time'
import { useNow } from '~/ui/time/use-now'

/** A relative time that keeps itself current while answers come, with the exact UTC time on hover. */
export function TimeAgo({ at }: { readonly at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={exactUtc(at)} className="whitespace-nowrap tabular-nums">
      {now === null ? exactUtc(at) : relativeTime(at, now)}
    </time>
  )
}
