import 'server-only'
import { type LiveEvent, quietEvent } from '~/domain/surface/live'
import { withoutTimes } from '~/domain/surface/tile'
import type { WorkerState } from '~/domain/worker'
import { listSurfaceIds } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { nextScheduledChange } from '~/server/freezes/freezes-in-force'
import { readWorkerState } from '~/server/health/heartbeats.sql'
import type { Change } from '~/server/live/listen'
import { listProbedSince } from '~/server/surfaces/surfaces'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { listSilentRepositories } from '~/server/webhooks/read-webhook-state'

/** The whole grid is compared this often, to find changes without a notice, such as those that come with time alone. */
const COMPARE_MS = 60_000

type PendingChanges = ReturnType<typeof noChanges>

function noChanges() {
  return {
    surfaces: new Set<string>(),
    deploys: new Set<string>(),
    approvals: new Set<string>(),
    freezes: false,
    deliveries: false,
    health: false,
    wholeGrid: false,
  }
}

interface GridChanges {
  /** Gathers a committed change for the next event. */
  readonly record: (change: Change) => void
  /** Whether gathered changes need an event of their own. Those of /health alone wait for the next one. */
  readonly isDue: () => boolean
  /** Returns the gathered changes and starts to gather anew. */
  readonly takePending: () => PendingChanges
  /** Reads what changed since the last event. `isComparison`: the whole grid was compared. */
  readonly describe: (
    changes: PendingChanges,
    now: Date,
  ) => Promise<{ readonly event: LiveEvent; readonly isComparison: boolean }>
  /** After the event of a comparison: records its time and finds the next change that comes with time alone. */
  readonly finishComparison: (now: Date) => Promise<void>
  /** The milliseconds until a freeze starts or ends, or an approval expires; Infinity when none is known. */
  readonly untilScheduledChange: () => number
  /** Compares the whole grid with the next event, if the grid is not known. */
  readonly learnGrid: () => void
  /** Discards the known grid, which is out of date. */
  readonly forget: () => void
}

/** Stores the grid as of the last event, and finds the changes since. */
export function createGridChanges(deps: Pick<Deps, 'db' | 'config' | 'github' | 'now'>): GridChanges {
  /** Each tile as JSON without its times, by surface. */
  const knownTiles = new Map<string, string>()
  /** Whether `knownTiles` is the whole grid. A console without surfaces knows an empty grid. */
  let isKnown = false
  /** How often the known grid was discarded. */
  let timesForgotten = 0
  let knownOrder = ''
  let knownSilent: string | null = null
  let knownWorker: string | null = null
  let pending = noChanges()
  let probesReadAt = deps.now()
  let comparedAt = 0
  let scheduledChange: Date | null = null

  const isScheduledChangePast = (now: Date): boolean => scheduledChange !== null && scheduledChange <= now

  const compareTiles = async (
    changes: PendingChanges,
    isComparison: boolean,
    now: Date,
  ): Promise<Pick<LiveEvent, 'tiles' | 'checked' | 'reload'>> => {
    const isFirst = !isKnown
    const forgottenBefore = timesForgotten
    const ids =
      isComparison || isFirst
        ? undefined
        : [...changes.surfaces, ...(await listSurfaceIds(deps.db, [...changes.deploys]))]
    const [tiles, checked] = await Promise.all([
      ids?.length === 0 ? [] : listTiles(deps, ids),
      listProbedSince(deps.db, probesReadAt),
    ])
    // The last window left during the read, so later changes were not recorded. A new window reads everything itself. Remembering
    // this read would hide a change that is reverted before the next one.
    if (timesForgotten !== forgottenBefore) return { tiles: [], checked: [], reload: true }
    probesReadAt = now
    // A surface that appears or disappears changes the grid, not only a tile.
    if (ids?.some((id) => knownTiles.has(id) !== tiles.some((tile) => tile.id === id))) pending.wholeGrid = true
    const changed = tiles.filter((tile) => {
      const text = JSON.stringify(withoutTimes(tile))
      const before = knownTiles.get(tile.id)
      knownTiles.set(tile.id, text)
      return before !== text
    })
    if (ids !== undefined) return { tiles: changed, checked, reload: false }
    isKnown = true
    const order = tiles.map(({ id }) => id).join('\n')
    const isReordered = knownOrder !== order
    knownOrder = order
    if (!isFirst && !isReordered) return { tiles: changed, checked, reload: false }
    for (const id of knownTiles.keys()) if (!tiles.some((tile) => tile.id === id)) knownTiles.delete(id)
    return { tiles: [], checked: [], reload: true }
  }

  const silentIfChanged = async (): Promise<readonly string[] | null> => {
    const repositories = await listSilentRepositories(deps)
    const before = knownSilent
    knownSilent = repositories.join('\n')
    return knownSilent === before ? null : repositories
  }

  const workerIfChanged = async (): Promise<WorkerState | null> => {
    const worker = await readWorkerState(deps.db)
    const before = knownWorker
    knownWorker = JSON.stringify(worker)
    return knownWorker === before ? null : worker
  }

  return {
    record(change) {
      if (change.kind === 'deploy') pending.deploys.add(change.id)
      else if (change.kind === 'surface') pending.surfaces.add(change.id)
      else if (change.kind === 'delivery') pending.deliveries = true
      else if (change.kind === 'health') pending.health = true
      else pending.wholeGrid = true
      if (change.kind === 'approval') pending.approvals.add(change.id)
      if (change.kind === 'freeze') pending.freezes = true
    },
    isDue: () => pending.wholeGrid || pending.deploys.size + pending.surfaces.size > 0 || pending.deliveries,
    takePending() {
      const taken = pending
      pending = noChanges()
      return taken
    },
    async describe(changes, now) {
      const isComparison = changes.wholeGrid || now.getTime() - comparedAt >= COMPARE_MS || isScheduledChangePast(now)
      const compared = await compareTiles(changes, isComparison, now)
      const event = {
        ...quietEvent(now.toISOString()),
        ...compared,
        deploys: [...changes.deploys],
        approvals: [...changes.approvals],
        freezes: changes.freezes || isScheduledChangePast(now),
        deliveries: changes.deliveries,
        health: changes.health,
        silent: isComparison || changes.health ? await silentIfChanged() : null,
        worker: isComparison ? await workerIfChanged() : null,
      }
      return { event, isComparison }
    },
    async finishComparison(now) {
      comparedAt = now.getTime()
      scheduledChange = await nextScheduledChange(deps.db, now)
    },
    untilScheduledChange: () =>
      scheduledChange === null ? Number.POSITIVE_INFINITY : scheduledChange.getTime() - deps.now().getTime() + 1,
    learnGrid() {
      pending.wholeGrid ||= !isKnown
    },
    forget() {
      timesForgotten += 1
      knownTiles.clear()
      isKnown = false
      knownSilent = null
      knownWorker = null
      comparedAt = 0
    },
  }
}
