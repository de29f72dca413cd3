'use client'

import { DEPLOY_FILTER_NAMES, savedFilter } from '~/domain/deploy/deploy-list'
import { DeployFilters, type DeployFilterText } from '~/ui/deploys/deploy-filters'
import { SavedViews } from '~/ui/deploys/saved-views'
import { filterQuery, useFilter } from '~/ui/filters/filter-address'
import { PrintedFilter } from '~/ui/filters/filter-fields'
import { DeployTable } from '~/ui/history/deploy-table'
import { DownloadLink } from '~/ui/primitives/links'
import { LoadMore } from '~/ui/primitives/load-more'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { exactUtc } from '~/ui/time/relative-time'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { trpc } from '~/ui/trpc/client'
import { useAskEvery } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

/** Without live updates. A filter that no deploy matches now may match one that starts. */
const POLL_MS = 5_000

/** Every deploy of every surface, newest first. */
export function DeployList() {
  const { filter, change, clear, show } = useFilter(DEPLOY_FILTER_NAMES)
  const askEvery = useAskEvery(POLL_MS)
  const facets = trpc.deploys.facets.useQuery()
  const asked = savedFilter.safeParse(filter)
  const list = trpc.deploys.search.useInfiniteQuery(
    { filter: asked.data ?? {} },
    {
      enabled: asked.success,
      getNextPageParam: (page) => page.nextCursor,
      refetchOnWindowFocus: false,
      refetchInterval: askEvery,
    },
  )
  const deploys = list.data?.pages.flatMap((page) => page.deploys) ?? []
  const searchedTo = list.data?.pages.at(-1)?.searchedTo ?? null
  return (
    <PageFrame title="Deploys" aside={<Exports filter={filter} />}>
      <SavedViews filter={filter} onShow={show} />
      <div className="mb-4">
        <DeployFilters filter={filter} facets={facets.data} onChange={change} onClear={clear} />
        <PrintedFilter names={DEPLOY_FILTER_NAMES} filter={filter} />
      </div>
      {!asked.success ? (
        <Notice tone="bad" role="alert">
          The address holds a filter that does not exist. Nothing was searched. Press “Clear”.
        </Notice>
      ) : list.isError && list.data === undefined ? (
        <Notice tone="bad" role="alert">
          {readWireError(list.error).message}
        </Notice>
      ) : list.data === undefined ? (
        <RowsSkeleton what="the deploys" />
      ) : (
        <StoppedClock of={list}>
          {list.isRefetchError && <ConnectionNotice error={list.error} updatedAt={list.dataUpdatedAt} />}
          {deploys.length > 0 ? (
            <DeployTable deploys={deploys} />
          ) : (
            searchedTo === null && <Empty filtered={Object.keys(filter).length > 0} />
          )}
          {(deploys.length > 0 || searchedTo !== null) && (
            <LoadMore
              count={deploys.length}
              noun="deploy"
              more={list.hasNextPage}
              loading={list.isFetchingNextPage}
              failed={list.isFetchNextPageError}
              onMore={() => void list.fetchNextPage()}
            />
          )}
          {searchedTo !== null && (
            <p className="mt-1 text-xs text-ink-faint">
              Searched back to {exactUtc(searchedTo)}. Few deploys match this filter: “Load older” searches further.
            </p>
          )}
        </StoppedClock>
      )}
    </PageFrame>
  )
}

function Exports({ filter }: { readonly filter: DeployFilterText }) {
  const address = (format: string) => `/api/deploys/export${filterQuery(DEPLOY_FILTER_NAMES, filter, { format })}`
  return (
    <p className="flex gap-4">
      <DownloadLink href={address('csv')}>Export CSV</DownloadLink>
      <DownloadLink href={address('json')}>Export JSON</DownloadLink>
    </p>
  )
}

function Empty({ filtered }: { readonly filtered: boolean }) {
  return (
    <p className="rounded-md border border-line bg-panel px-4 py-6 text-ink-soft">
      {filtered
        ? 'No deploy matches this filter. Press “Clear” to show all deploys.'
        : 'This console has not deployed anything yet. Start a deploy on the grid: it will be listed here.'}
    </p>
  )
}
