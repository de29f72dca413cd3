import type { Query, QueryClient, QueryKey } from '@tanstack/react-query'
import { getQueryKey } from '@trpc/react-query'
import type { LiveEvent } from '~/domain/surface/live'
import type { Grid, SurfaceTile } from '~/domain/surface/tile'
import { trpc } from '~/ui/trpc/client'

const GRID = getQueryKey(trpc.surfaces.list, undefined, 'query')

/**
 * The queries that live events cover. Every other query asks GitHub, or changes only through the page's own actions.
 */
const FOLLOWED = [
  GRID,
  getQueryKey(trpc.deploys.get),
  getQueryKey(trpc.deploys.list),
  getQueryKey(trpc.deploys.search),
  getQueryKey(trpc.approvals),
  getQueryKey(trpc.queue),
  getQueryKey(trpc.freezes),
  getQueryKey(trpc.deliveries),
  getQueryKey(trpc.health),
]

/** Every covered query may have changed. */
export function readAgain(queries: QueryClient): void {
  for (const queryKey of FOLLOWED) refresh(queries, queryKey, isFromPage)
}

/** What the page itself brought is as new as the page, and asks again by itself (ui/shell/approval-count.tsx). */
const isFromPage = ({ meta, state }: Query): boolean => meta?.['cameWithPage'] === true && state.dataUpdateCount === 0

/** Updates the page's queries with an event. `person`: the reader, who is told of the end of their own queued requests. */
export function applyEvent(queries: QueryClient, event: LiveEvent, person: string | null = null): void {
  if (event.reload) {
    readAgain(queries)
    return
  }
  const changed = [
    ...event.deploys.map((id) => getQueryKey(trpc.deploys.get, { id }, 'query')),
    ...(event.deploys.length > 0
      ? [getQueryKey(trpc.deploys.list), getQueryKey(trpc.deploys.search), getQueryKey(trpc.freezes.calendar)]
      : []),
    ...(event.approvals.length > 0 ? [getQueryKey(trpc.approvals)] : []),
    // A change of a queue is one of its surface.
    ...(event.tiles.length > 0 ? [getQueryKey(trpc.queue)] : []),
    ...(event.freezes ? [getQueryKey(trpc.freezes)] : []),
    ...(event.deliveries ? [getQueryKey(trpc.deliveries)] : []),
    ...(event.health ? [getQueryKey(trpc.health)] : []),
  ]
  for (const queryKey of changed) refresh(queries, queryKey)
  for (const grid of queries.getQueryCache().findAll({ queryKey: GRID })) {
    onceAnswered(grid, () => {
      // A grid that could not be read stays failed: updating a few tiles would make it look current.
      if (grid.state.isInvalidated) return
      const before = queries.getQueryData<Grid>(GRID)
      if (before === undefined) return
      queries.setQueryData(GRID, withNews(before, event))
      // The event is the same for everybody, and does not say how a request ended.
      if (endsOwnRequest(before, event, person)) refresh(queries, GRID)
    })
  }
  readWhatFailed(queries)
}

function refresh(queries: QueryClient, filter: QueryKey, isLeftOut: (query: Query) => boolean = () => false): void {
  for (const query of queries.getQueryCache().findAll({ queryKey: filter })) {
    if (isLeftOut(query)) continue
    const { queryKey } = query
    // A request made after the event is new enough.
    const read = () => queries.invalidateQueries({ queryKey, exact: true }, { cancelRefetch: false })
    onceAnswered(query, () => void read())
  }
}

/**
 * Refetches at once, or after the answer in flight, which may be older than the event. That answer is never cancelled:
 * if events come faster than answers, the page would never change.
 */
function onceAnswered(query: Query, work: () => void): void {
  if (query.state.fetchStatus === 'idle') work()
  else void query.fetch().then(work, work)
}

/** With live updates nothing else would refetch it, and its change may never be sent again. */
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
  return { ...grid, surfaces, silent: event.silent ?? grid.silent, worker: event.worker ?? grid.worker, now: event.now }
}

/** Whether a request of this person, or of one of their tokens, waits no more. */
function endsOwnRequest({ surfaces }: Grid, { tiles }: LiveEvent, person: string | null): boolean {
  return tiles.some((tile) => {
    const before = surfaces.find(({ id }) => id === tile.id)?.queue.waiting ?? []
    return before.some(
      ({ id, requestedBy, requestedByOwner }) =>
        (requestedBy === person || requestedByOwner === person) && !tile.queue.waiting.some((now) => now.id === id),
    )
  })
}
