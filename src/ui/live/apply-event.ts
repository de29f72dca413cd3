import type { Query, QueryClient, QueryKey } from '@tanstack/react-query'
import { getQueryKey } from '@trpc/react-query'
import type { inferRouterOutputs } from '@trpc/server'
import type { LiveEvent } from '~/domain/surface/live'
import type { SurfaceTile } from '~/domain/surface/tile'
import type { AppRouter } from '~/server/trpc/routers/_app'
import { trpc } from '~/ui/trpc/client'

type Grid = inferRouterOutputs<AppRouter>['surfaces']['list']

const GRID = getQueryKey(trpc.surfaces.list, undefined, 'query')

/** What the console tells of. Whatever else a page reads asks GitHub, or changes with the page's own acts alone. */
const FOLLOWED = [
  GRID,
  getQueryKey(trpc.deploys.get),
  getQueryKey(trpc.deploys.list),
  getQueryKey(trpc.approvals),
  getQueryKey(trpc.freezes),
  getQueryKey(trpc.deliveries),
  getQueryKey(trpc.health),
]

/** Everything that is followed may have changed. */
export function readAgain(queries: QueryClient): void {
  for (const queryKey of FOLLOWED) refresh(queries, queryKey)
}

/** Brings what the page shows to where the event says it is. */
export function applyEvent(queries: QueryClient, event: LiveEvent): void {
  if (event.reload) {
    readAgain(queries)
    return
  }
  const changed = [
    ...event.deploys.map((id) => getQueryKey(trpc.deploys.get, { id }, 'query')),
    ...(event.deploys.length > 0 ? [getQueryKey(trpc.deploys.list)] : []),
    ...(event.approvals.length > 0 ? [getQueryKey(trpc.approvals)] : []),
    ...(event.freezes ? [getQueryKey(trpc.freezes)] : []),
    ...(event.deliveries ? [getQueryKey(trpc.deliveries)] : []),
    ...(event.health ? [getQueryKey(trpc.health)] : []),
  ]
  for (const queryKey of changed) refresh(queries, queryKey)
  for (const grid of queries.getQueryCache().findAll({ queryKey: GRID })) {
    onceAnswered(grid, () => {
      // One that could not be read stays so: news of a few tiles would make it pass for the grid of now.
      if (grid.state.isInvalidated) return
      queries.setQueryData(GRID, (before: Grid | undefined) => before && withNews(before, event))
    })
  }
  readWhatFailed(queries)
}

function refresh(queries: QueryClient, filter: QueryKey): void {
  for (const query of queries.getQueryCache().findAll({ queryKey: filter })) {
    const { queryKey } = query
    // What has been asked for since the event is new enough.
    const read = () => queries.invalidateQueries({ queryKey, exact: true }, { cancelRefetch: false })
    onceAnswered(query, () => void read())
  }
}

/**
 * At once, or after the answer that is on its way, which may be older than the event. That answer is never thrown away for a
 * newer one: events may come faster than answers do, and the page would stay as it was.
 */
function onceAnswered(query: Query, work: () => void): void {
  if (query.state.fetchStatus === 'idle') work()
  else void query.fetch().then(work, work)
}

/** Nobody asks for it while changes are told, and what it would have said may never be told again. */
function readWhatFailed(queries: QueryClient): void {
  for (const queryKey of FOLLOWED) {
    void queries.refetchQueries({
      queryKey,
      type: 'active',
      predicate: ({ state }) => state.isInvalidated && state.fetchStatus === 'idle',
    })
  }
}

function withNews(grid: Grid, event: LiveEvent): Grid {
  const news = new Map(event.tiles.map((tile) => [tile.id, tile]))
  const looks = new Map(event.checked.map((look) => [look.id, look]))
  const surfaces = grid.surfaces.map((before): SurfaceTile => {
    const tile = news.get(before.id) ?? before
    const look = looks.get(tile.id)
    if (look === undefined) return tile
    const { seenAt } = look
    return {
      ...tile,
      health: { ...tile.health, checkedAt: look.checkedAt },
      version: tile.version === null || seenAt === null ? tile.version : { ...tile.version, seenAt },
    }
  })
  return { surfaces, silent: event.silent ?? grid.silent, now: event.now }
}
