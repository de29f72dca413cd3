'use client'

import { AUDIT_FILTER_NAMES } from '~/domain/audit/trail'
import type { FilterText } from '~/domain/filter-text'
import { AuditFilters } from '~/ui/audit/audit-filters'
import { AuditTable } from '~/ui/audit/audit-table'
import { filterQuery, useFilter } from '~/ui/filters/filter-address'
import { PrintedFilter } from '~/ui/filters/filter-fields'
import { DownloadLink } from '~/ui/primitives/links'
import { LoadMore } from '~/ui/primitives/load-more'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

type AuditFilterText = FilterText<(typeof AUDIT_FILTER_NAMES)[number]>

/** The audit trail, newest first. */
export function AuditTrail() {
  const { filter, change, clear } = useFilter(AUDIT_FILTER_NAMES)
  const facets = trpc.audit.facets.useQuery()
  const log = trpc.audit.list.useInfiniteQuery(
    { filter },
    // Rows must not move while somebody reads them.
    { getNextPageParam: (page) => page.nextCursor, refetchOnWindowFocus: false },
  )
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? []
  return (
    <PageFrame title="Audit" aside={<Aside filter={filter} />}>
      <AuditFilters filter={filter} facets={facets.data} onChange={change} onClear={clear} />
      <PrintedFilter names={AUDIT_FILTER_NAMES} filter={filter} />
      {log.isError && log.data === undefined ? (
        <Notice tone="bad" role="alert">
          {readWireError(log.error).message} Nothing of the trail is lost.
        </Notice>
      ) : log.data === undefined ? (
        <RowsSkeleton what="the audit trail" />
      ) : entries.length === 0 ? (
        <Empty filtered={Object.keys(filter).length > 0} />
      ) : (
        <>
          <AuditTable entries={entries} />
          <LoadMore
            count={entries.length}
            noun="event"
            more={log.hasNextPage}
            loading={log.isFetchingNextPage}
            failed={log.isFetchNextPageError}
            onMore={() => void log.fetchNextPage()}
          />
        </>
      )}
    </PageFrame>
  )
}

function Aside({ filter }: { readonly filter: AuditFilterText }) {
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-1 max-sm:w-full">
      <SealState />
      <Exports filter={filter} />
    </div>
  )
}

function Exports({ filter }: { readonly filter: AuditFilterText }) {
  return (
    <p className="flex gap-4">
      <DownloadLink href={`/api/audit/export${filterQuery(AUDIT_FILTER_NAMES, filter, { format: 'csv' })}`}>
        Export CSV
      </DownloadLink>
      <DownloadLink href={`/api/audit/export${filterQuery(AUDIT_FILTER_NAMES, filter, { format: 'json' })}`}>
        Export JSON
      </DownloadLink>
    </p>
  )
}

function Empty({ filtered }: { readonly filtered: boolean }) {
  return (
    <p className="rounded-md border border-line bg-panel px-4 py-6 text-ink-soft">
      {filtered
        ? 'No event matches this filter. Press “Clear” to show all events.'
        : 'No events yet. Every deploy, callback and flag change will be listed here.'}
    </p>
  )
}

const REFRESH_MS = 10_000

const SEAL_LINE = 'min-h-5 text-sm max-sm:w-full'

const count = (digits: string | number) => BigInt(digits).toLocaleString('en')

/** How far the audit trail is sealed. Keeps its line until that is known: on a phone it is one of its own. */
function SealState() {
  const { data } = trpc.audit.sealState.useQuery(undefined, { refetchInterval: REFRESH_MS })
  if (data === undefined) return <p className={SEAL_LINE} />
  const { last, waiting } = data
  return (
    <p data-sealed={last?.seq ?? 0} className={`text-ink-faint tabular-nums ${SEAL_LINE}`}>
      {last === null ? (
        'No event is sealed yet'
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
