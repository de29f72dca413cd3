'use client'

import type { HistoryPage, PastDeploy } from '~/domain/deploy/view'
import { EmbedSection } from '~/ui/embeds/embed-section'
import { DeployTable } from '~/ui/history/deploy-table'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { LoadMore } from '~/ui/primitives/load-more'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { OwnRequests } from '~/ui/queue/ended-requests'
import { useRefusal } from '~/ui/shell/member'
import { PageFrame } from '~/ui/shell/page-frame'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { trpc } from '~/ui/trpc/client'
import { useAskEvery } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

/** Refreshed only while a deploy is running: ended deploys do not change. */
const POLL_MS = 5_000

/** Every deploy to one surface, newest first. */
export function SurfaceHistory({ surfaceId }: { readonly surfaceId: string }) {
  const askEvery = useAskEvery(POLL_MS)
  const history = trpc.deploys.list.useInfiniteQuery(
    { surfaceId },
    {
      getNextPageParam: (page) => page.nextCursor,
      refetchOnWindowFocus: false,
      refetchInterval: ({ state }) => (state.data?.pages.some(hasUnfinished) ? askEvery : false),
    },
  )
  // Shown with the deploys, so that nothing moves.
  const own = trpc.queue.mine.useQuery({ surfaceId }, { retry: false })
  const deploys = history.data?.pages.flatMap((page) => page.deploys) ?? []
  const surface = history.data?.pages[0]?.surface
  const mayEmbed = useRefusal('embed.manage') === null
  return (
    <PageFrame title={surface === undefined ? surfaceId : <Title surface={surface} />} aside={<Links id={surfaceId} />}>
      {history.data !== undefined && <OwnRequests own={own.data} />}
      {history.isError && history.data === undefined ? (
        <Notice tone="bad" role="alert">
          {readWireError(history.error).message}
        </Notice>
      ) : history.data === undefined || own.isPending ? (
        <RowsSkeleton what="past deploys" />
      ) : deploys.length === 0 ? (
        <p className="rounded-md border border-line bg-panel px-4 py-6 text-ink-soft">
          This console has not deployed to this surface yet.
        </p>
      ) : (
        <StoppedClock of={history} polled={history.data.pages.some(hasUnfinished)}>
          {history.isRefetchError && <ConnectionNotice error={history.error} updatedAt={history.dataUpdatedAt} />}
          <DeployTable
            deploys={deploys}
            surfaceId={surfaceId}
            isReturnable={(deploy) => surface?.archived === false && isReturnable(deploy, surface.runs)}
          />
          <LoadMore
            count={deploys.length}
            noun="deploy"
            more={history.hasNextPage}
            loading={history.isFetchingNextPage}
            failed={history.isFetchNextPageError}
            onMore={() => void history.fetchNextPage()}
          />
        </StoppedClock>
      )}
      {mayEmbed && surface !== undefined && <EmbedSection surfaceId={surface.id} name={surface.name} />}
    </PageFrame>
  )
}

const hasUnfinished = ({ deploys }: Pick<HistoryPage, 'deploys'>): boolean => deploys.some(({ terminal }) => !terminal)

/** A rollback needs a deploy that is proven to have shipped and succeeded, and whose commit is not running now. */
function isReturnable({ status, shipped, sha }: PastDeploy, runs: string | null): boolean {
  return status === 'succeeded' && shipped === 'yes' && sha !== null && sha !== runs
}

function Title({ surface }: { readonly surface: HistoryPage['surface'] }) {
  return (
    <>
      <ForeignText text={surface.name} />{' '}
      <span className="text-sm font-normal tracking-normal text-ink-faint">
        <ForeignText text={surface.environment} /> · <span className="font-mono text-[0.8125rem]">{surface.id}</span>
        {surface.archived && ' · archived'}
      </span>
    </>
  )
}

const SOFT_LINK = `text-ink-soft ${LINK}`

function Links({ id }: { readonly id: string }) {
  return (
    <p className="flex gap-4 text-sm print:hidden">
      <PageLink href={`/audit?surface=${encodeURIComponent(id)}`} className={SOFT_LINK}>
        Audit of this surface
      </PageLink>
      <PageLink href={`/surfaces/${encodeURIComponent(id)}/setup`} className={SOFT_LINK}>
        Setup
      </PageLink>
      <PageLink href={`/?surface=${encodeURIComponent(id)}`} className={SOFT_LINK}>
        Deploy
      </PageLink>
    </p>
  )
}
