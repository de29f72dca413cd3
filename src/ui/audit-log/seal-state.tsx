import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'

const REFRESH_MS = 10_000

const count = (digits: string | number) => BigInt(digits).toLocaleString('en')

/** How far the trail is sealed. Nothing is shown while that is not known: it is an aside, not what the page is about. */
export function SealState() {
  const { data } = trpc.audit.sealState.useQuery(undefined, { refetchInterval: REFRESH_MS })
  if (data === undefined) return null
  const { last, waiting } = data
  return (
    <p data-sealed={last?.seq ?? 0} className="text-sm text-ink-faint tabular-nums">
      {last === null ? (
        'Nothing sealed yet'
      ) : (
        <>
          <span title={`Seal ${last.seq}: ${last.hash}`}>
            {count(last.seq)} {last.seq === '1' ? 'event' : 'events'} sealed
          </span>
          , last <TimeAgo at={last.sealedAt} />
        </>
      )}
      {waiting > 0 && ` · ${count(waiting)} waiting`}
    </p>
  )
}
