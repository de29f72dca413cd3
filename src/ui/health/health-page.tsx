'use client'

import {
  type KindUsage,
  type RateLimitState,
  REQUEST_KINDS,
  RESERVES,
  type RequestKind,
} from '~/domain/github/rate-limit'
import { clockUtc } from '~/domain/utc-time'
import { HealthSection, useHealthRefetch } from '~/ui/health/health-section'
import { WebhookHearing } from '~/ui/health/webhook-hearing'
import { Notice } from '~/ui/primitives/notice'
import { PageFrame } from '~/ui/shell/page-frame'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'

/** The state of the console's connection to GitHub, for admins. */
export function HealthPage() {
  const webhooks = trpc.health.webhooks.useQuery()
  return (
    <PageFrame title="Health">
      <div className="flex min-w-0 flex-col gap-8">
        <WebhookHearing />
        {/* Later, so that the answer about webhooks does not move it. */}
        <div hidden={webhooks.isPending}>
          <RateLimitSection />
        </div>
      </div>
    </PageFrame>
  )
}

const HEAD = 'px-2 py-2 sm:px-4 text-xs font-medium text-ink-faint'
const CELL = 'px-2 py-2.5 align-top sm:px-4'

/** The requests to GitHub that are left, and what the console used them for. */
function RateLimitSection() {
  const query = trpc.health.rateLimit.useQuery(undefined, { refetchInterval: useHealthRefetch() })
  return (
    <HealthSection id="rate-limit" title="Requests to GitHub" what="the requests to GitHub" query={query}>
      {(state) => (
        <>
          <Left rateLimit={state.rateLimit} />
          {state.lastDay.length > 0 && <Kinds state={state} />}
        </>
      )}
    </HealthSection>
  )
}

function Left({ rateLimit }: Pick<RateLimitState, 'rateLimit'>) {
  if (rateLimit === null) {
    return (
      <p className="mb-3 text-sm text-ink-soft">
        GitHub has not reported the remaining requests since the hourly limit was reset.
      </p>
    )
  }
  const { limit, remaining, resetAt, notedAt } = rateLimit
  return (
    <div className="mb-3 flex flex-col gap-3">
      {remaining < limit * RESERVES.background && (
        <Notice tone="warn" role="status">
          Less than 30 % of the requests are left. Background polling is paused until {clockUtc(resetAt)}, so changes on
          GitHub appear later. The remaining requests are kept for people and deploys.
        </Notice>
      )}
      <p className="text-sm text-ink-soft">
        <span className="font-medium text-ink tabular-nums">{remaining.toLocaleString('en-US')}</span> of{' '}
        {limit.toLocaleString('en-US')} requests are left until {clockUtc(resetAt)}, as reported by GitHub{' '}
        <TimeAgo at={notedAt} />. Unchanged answers cost nothing.
      </p>
    </div>
  )
}

function Kinds({ state: { lastHours, lastDay } }: { readonly state: RateLimitState }) {
  return (
    <div className="overflow-hidden rounded-md border border-line bg-panel">
      <table className="w-full table-auto border-collapse text-sm">
        <caption className="sr-only">Requests to GitHub by purpose</caption>
        <thead>
          <tr>
            <th scope="col" className={`${HEAD} text-left`}>
              For
            </th>
            <th scope="col" className={`${HEAD} text-right`}>
              This hour and the last
            </th>
            <th scope="col" className={`${HEAD} text-right`}>
              24 hours
            </th>
          </tr>
        </thead>
        <tbody>
          {lastDay.map(({ kind, ...day }) => (
            <tr key={kind} className="border-t border-line">
              <th scope="row" className={`${CELL} text-left font-normal`}>
                {REQUEST_KINDS[kind]}
              </th>
              <td className={`${CELL} text-right`}>
                <Count usage={usageOf(lastHours, kind)} />
              </td>
              <td className={`${CELL} text-right`}>
                <Count usage={day} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

type Counted = Pick<KindUsage, 'requests' | 'unchanged'>

const usageOf = (usages: readonly KindUsage[], kind: RequestKind): Counted =>
  usages.find((usage) => usage.kind === kind) ?? { requests: 0, unchanged: 0 }

/** The requests that GitHub counted. A 304 does not count. */
function Count({ usage: { requests, unchanged } }: { readonly usage: Counted }) {
  return (
    <span className="tabular-nums">
      {(requests - unchanged).toLocaleString('en-US')}
      {unchanged > 0 && (
        <span className="block text-xs text-ink-faint">and {unchanged.toLocaleString('en-US')} unchanged</span>
      )}
    </span>
  )
}
