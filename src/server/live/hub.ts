import 'server-only'
import { randomBytes } from 'node:crypto'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { Role } from '~/domain/permissions'
import { eventFor, LIVE_BEAT_MS, type LiveEvent, quietEvent } from '~/domain/surface/live'
import { withoutTimes } from '~/domain/surface/tile'
import { readRolesOfSessions } from '~/server/auth/sessions/read-session'
import { listSurfaceIds } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { nextScheduledChange } from '~/server/freezes/freezes'
import { type Change, listen } from '~/server/live/listen'
import { listProbedSince } from '~/server/surfaces/surfaces'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { listSilentRepositories } from '~/server/webhooks/read-webhook-state'

/** Events are at least this far apart: changes that come meanwhile are one. */
const GATHER_MS = 25
/** What one transaction changed is heard of at one moment. */
const AT_ONCE_MS = 1
/** Everything is compared again this often: what no notice told of is shown at last, and so is what came with the time alone. */
const COMPARE_MS = 60_000
/** What a window that was away for a moment can be told instead of reading everything again. */
const REMEMBERED = 500
/** A window that takes no events for so long is told to read everything again once it does. */
const WAITING_MOST = 50
/** A browser needs one for all its tabs. */
const STREAMS_PER_ACCOUNT = 12
const STREAMS = 2_000
/** A stream that cannot begin within this is refused, and the window asks instead. */
const BEGIN_MS = 5_000

/** An event with the id a window names to go on after it. */
export interface Told {
  readonly id: string
  readonly event: LiveEvent
}

interface Stream {
  readonly userId: string
  readonly sessionId: string
  /** As it was when the session was last looked at. */
  role: Role
  readonly waiting: Told[]
  /** Set once it is over; null: without an error. */
  over: AppError | null | undefined
  wake: () => void
}

type HubDeps = Pick<Deps, 'db' | 'config' | 'github' | 'logger' | 'now'>

export interface LiveHub {
  /**
   * The events from now on; first what was missed since `lastId`. Ends with `signed_out` when the session is over.
   *
   * @throws AppError `permission_refused` for a token, `rate_limited`, `database_unavailable`
   */
  readonly watch: (actor: Actor, lastId: string | null, signal: AbortSignal | undefined) => AsyncGenerator<Told>
  /** Ends every stream, each window asks elsewhere, and the connection. */
  readonly stop: () => void
}

/** Tells each window of this process what changed, whoever changed it. One connection listens for all of them. */
export function createHub(deps: HubDeps): LiveHub {
  const streams = new Set<Stream>()
  const stopping = new AbortController()
  /** Ids of another process, or of an earlier start, mean nothing here. */
  const epoch = randomBytes(6).toString('base64url')
  const remembered: Told[] = []
  const shown = new Map<string, string>()
  /** Whether `shown` is the whole grid; without a surface it is empty all the same. */
  let known = false
  /** Counts how often everything known was forgotten. */
  let forgotten = 0
  let order = ''
  let silent: string | null = null
  let pending = noChanges()
  let sequence = 0
  let heard: 'not yet' | 'listening' | 'lost' = 'not yet'
  let timer: NodeJS.Timeout | undefined
  let dueAt = Number.POSITIVE_INFINITY
  let working = false
  let workedAt = Number.NEGATIVE_INFINITY
  let beatenAt = deps.now()
  let comparedAt = 0
  let boundary: Date | null = null
  const waitingToBegin = new Set<() => void>()

  const tell = (event: LiveEvent): void => {
    sequence += 1
    const told = { id: `${epoch}.${sequence}`, event }
    remembered.push(told)
    if (remembered.length > REMEMBERED) remembered.shift()
    for (const stream of streams) {
      stream.waiting.push(told)
      if (stream.waiting.length > WAITING_MOST) {
        stream.waiting.length = 0
        stream.waiting.push({ id: told.id, event: { ...quiet(deps.now()), reload: true } })
      }
      stream.wake()
    }
  }

  const end = (stream: Stream, error: AppError | null): void => {
    stream.over = error
    stream.wake()
  }

  /** What is known is out of date: nobody who comes back can be told what they missed. */
  const forget = (): void => {
    sequence += 1
    forgotten += 1
    remembered.length = 0
    shown.clear()
    known = false
    silent = null
    comparedAt = 0
  }

  const endAll = (error: AppError | null): void => {
    for (const stream of streams) end(stream, error)
    forget()
  }

  const note = (change: Change): void => {
    if (streams.size === 0) {
      forget()
      return
    }
    if (change.kind === 'deploy') pending.deploys.add(change.id)
    else if (change.kind === 'surface') pending.surfaces.add(change.id)
    else if (change.kind === 'delivery') pending.deliveries = true
    else if (change.kind === 'health') pending.health = true
    else pending.everything = true
    if (change.kind === 'approval') pending.approvals.add(change.id)
    if (change.kind === 'freeze') pending.freezes = true
    // A storm of webhooks is no storm of events: the next one says it.
    if (change.kind !== 'health') schedule(untilNext())
  }

  const untilNext = (): number => Math.max(AT_ONCE_MS, workedAt + GATHER_MS - performance.now())

  /** Never later than what is due already: changes that come without a pause would hold each other back. */
  const schedule = (ms: number): void => {
    const at = performance.now() + ms
    if (working || stopping.signal.aborted || at >= dueAt) return
    clearTimeout(timer)
    dueAt = at
    timer = setTimeout(() => void work(), ms)
  }

  /** One event from what is pending; an empty one when it is time for a beat. */
  const work = async (): Promise<void> => {
    working = true
    dueAt = Number.POSITIVE_INFINITY
    const taken = pending
    pending = noChanges()
    try {
      const now = deps.now()
      const over = await sessionsOver(now)
      if (over || streams.size === 0) {
        forget()
        return
      }
      const comparing = taken.everything || now.getTime() - comparedAt >= COMPARE_MS || isPast(boundary, now)
      const event = { ...quiet(now), ...(await whatChanged(taken, comparing, now)) }
      tell({
        ...event,
        deploys: [...taken.deploys],
        approvals: [...taken.approvals],
        freezes: taken.freezes || isPast(boundary, now),
        deliveries: taken.deliveries,
        health: taken.health,
        silent: comparing || taken.health ? await silentIfChanged() : null,
      })
      if (comparing) {
        comparedAt = now.getTime()
        boundary = await nextScheduledChange(deps.db, now)
      }
    } catch (err) {
      deps.logger.warn({ err }, 'what changed could not be told; windows ask instead')
      endAll(away())
    } finally {
      working = false
      workedAt = performance.now()
      const more = pending.everything || pending.deploys.size + pending.surfaces.size > 0 || pending.deliveries
      if (more) schedule(untilNext())
      else if (streams.size > 0) schedule(Math.min(LIVE_BEAT_MS, untilBoundary()))
    }
  }

  const silentIfChanged = async (): Promise<readonly string[] | null> => {
    const repositories = await listSilentRepositories(deps)
    const before = silent
    silent = repositories.join('\n')
    return silent === before ? null : repositories
  }

  const untilBoundary = (): number =>
    boundary === null ? LIVE_BEAT_MS : Math.max(GATHER_MS, boundary.getTime() - deps.now().getTime() + 1)

  /** Ends the streams of those who are signed out, suspended or gone; true when no stream is left. */
  const sessionsOver = async (now: Date): Promise<boolean> => {
    // One that begins meanwhile was not asked about.
    const asked = [...streams]
    const open = await readRolesOfSessions(deps, [...new Set(asked.map(({ sessionId }) => sessionId))], now)
    for (const stream of asked) {
      const role = open.get(stream.sessionId)
      if (role !== undefined) stream.role = role
      else {
        end(stream, new AppError('signed_out', 'You are not signed in any more. Nothing was done; sign in again.'))
        streams.delete(stream)
      }
    }
    return streams.size === 0
  }

  const whatChanged = async (
    taken: ReturnType<typeof noChanges>,
    comparing: boolean,
    now: Date,
  ): Promise<Pick<LiveEvent, 'tiles' | 'checked' | 'reload'>> => {
    const first = !known
    const before = forgotten
    const ids =
      comparing || first ? undefined : [...taken.surfaces, ...(await listSurfaceIds(deps.db, [...taken.deploys]))]
    const [tiles, checked] = await Promise.all([
      ids?.length === 0 ? [] : listTiles(deps, ids),
      listProbedSince(deps.db, beatenAt),
    ])
    // The last window left during the read, and changes since then were not noted. A new window reads everything itself,
    // so comparing with this read would miss a change that is taken back.
    if (forgotten !== before) return { tiles: [], checked: [], reload: true }
    beatenAt = now
    // A surface that came or went changes the grid, not a tile.
    if (ids?.some((id) => shown.has(id) !== tiles.some((tile) => tile.id === id))) pending.everything = true
    const changed = tiles.filter((tile) => {
      const text = JSON.stringify(withoutTimes(tile))
      const before = shown.get(tile.id)
      shown.set(tile.id, text)
      return before !== text
    })
    if (ids !== undefined) return { tiles: changed, checked, reload: false }
    known = true
    const orderNow = tiles.map(({ id }) => id).join('\n')
    const moved = order !== orderNow
    order = orderNow
    if (!first && !moved) return { tiles: changed, checked, reload: false }
    for (const id of shown.keys()) if (!tiles.some((tile) => tile.id === id)) shown.delete(id)
    return { tiles: [], checked: [], reload: true }
  }

  const begin = (): Promise<void> => {
    if (heard === 'not yet') {
      heard = 'lost'
      const listener = {
        onChange: note,
        onListening: () => {
          heard = 'listening'
          for (const resolve of waitingToBegin) resolve()
          waitingToBegin.clear()
        },
        onLost: () => {
          heard = 'lost'
          endAll(away())
        },
      }
      void listen(deps.config.databaseUrl, deps.logger, listener, stopping.signal)
    }
    if (heard === 'listening') return Promise.resolve()
    return new Promise((resolve, reject) => {
      const refuse = setTimeout(() => reject(away()), BEGIN_MS)
      waitingToBegin.add(() => {
        clearTimeout(refuse)
        resolve()
      })
    })
  }

  /** What a window that last saw `lastId` has missed; null when that is not known. */
  const missedSince = (lastId: string | null): readonly Told[] | null => {
    if (lastId === `${epoch}.${sequence}`) return []
    const at = remembered.findIndex(({ id }) => id === lastId)
    return at < 0 ? null : remembered.slice(at + 1)
  }

  return {
    async *watch(actor, lastId, signal) {
      const { sessionId, userId, role } = actor
      if (sessionId === undefined)
        throw new AppError('permission_refused', 'An API token cannot follow changes; poll instead.')
      await begin()
      admit(streams, userId)
      const stream: Stream = { userId, sessionId, role, waiting: [], over: undefined, wake: () => undefined }
      const leave = () => end(stream, null)
      signal?.addEventListener('abort', leave)
      const missed = missedSince(lastId)
      streams.add(stream)
      if (missed === null) {
        stream.waiting.push({ id: `${epoch}.${sequence}`, event: { ...quiet(deps.now()), reload: true } })
      } else stream.waiting.push(...missed)
      // The first event of a stream tells its window that it works.
      pending.everything ||= !known
      schedule(untilNext())
      try {
        while (stream.over === undefined && signal?.aborted !== true) {
          const told = stream.waiting.shift()
          if (told !== undefined) yield { id: told.id, event: eventFor(stream.role, told.event) }
          else {
            await new Promise<void>((resolve) => {
              stream.wake = resolve
              if (stream.over !== undefined) resolve()
            })
          }
        }
        if (stream.over) throw stream.over
      } finally {
        streams.delete(stream)
        signal?.removeEventListener('abort', leave)
      }
    },
    stop: () => {
      stopping.abort()
      endAll(null)
      clearTimeout(timer)
    },
  }
}

function noChanges() {
  return {
    surfaces: new Set<string>(),
    deploys: new Set<string>(),
    approvals: new Set<string>(),
    freezes: false,
    deliveries: false,
    health: false,
    everything: false,
  }
}

const quiet = (now: Date): LiveEvent => quietEvent(now.toISOString())

const isPast = (boundary: Date | null, now: Date): boolean => boundary !== null && boundary <= now

const away = (): AppError =>
  new AppError(
    'database_unavailable',
    'Changes cannot be followed now. Nothing is lost; this window asks every few seconds.',
  )

function admit(streams: ReadonlySet<Stream>, userId: string): void {
  const own = [...streams].filter((stream) => stream.userId === userId).length
  if (own < STREAMS_PER_ACCOUNT && streams.size < STREAMS) return
  throw new AppError(
    'rate_limited',
    'Too many windows follow changes. Nothing is lost; this one asks every few seconds.',
    {
      retryAfterSeconds: 60,
    },
  )
}
