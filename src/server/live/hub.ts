import 'server-only'
import { randomBytes } from 'node:crypto'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { Role } from '~/domain/permissions'
import { eventFor, LIVE_BEAT_MS, type LiveEvent, quietEvent } from '~/domain/surface/live'
import { readRolesOfSessions } from '~/server/auth/sessions/read-session'
import type { Deps } from '~/server/deps'
import { createGridChanges } from '~/server/live/grid-changes'
import { type Change, listen } from '~/server/live/listen'

/** The shortest time between two events. Changes in between become one event. */
const GATHER_MS = 25
/** The notices of one transaction arrive within this time. */
const AT_ONCE_MS = 1
/** How many events are kept for windows that reconnect. */
const REMEMBERED = 500
/** A window that does not take its events is sent one `reload` event instead of more than this. */
const WAITING_AT_MOST = 50
/** A browser needs one stream for all its windows. */
const STREAMS_PER_ACCOUNT = 12
const STREAMS = 2_000
/** A stream that cannot begin within this time is refused, and the window polls instead. */
const BEGIN_MS = 5_000

/** A window names the id when it reconnects, and gets the events after it. */
interface StreamedEvent {
  readonly id: string
  readonly event: LiveEvent
}

interface Stream {
  readonly userId: string
  readonly sessionId: string
  /** The role as of the last look at the session. */
  role: Role
  readonly waiting: StreamedEvent[]
  /** Set when the stream has ended; null: without an error. */
  ended: AppError | null | undefined
  wake: () => void
}

type HubDeps = Pick<Deps, 'db' | 'config' | 'github' | 'logger' | 'metrics' | 'now'>

export interface LiveHub {
  /**
   * Yields the events missed since `lastId`, then new ones. Throws `signed_out` when the session has ended.
   *
   * @throws AppError `permission_refused` for a token, `rate_limited`, `database_unavailable`
   */
  readonly watch: (
    actor: Actor,
    lastId: string | null,
    signal: AbortSignal | undefined,
  ) => AsyncGenerator<StreamedEvent>
  readonly openStreams: () => number
  /** Ends the database connection, and every stream at its own time, so that windows reconnect to another process. */
  readonly stop: (withinMs?: number) => void
}

/** Sends changes to every window of this process. One database connection listens for all windows. */
export function createHub(deps: HubDeps): LiveHub {
  const changes = createGridChanges(deps)
  const streams = new Set<Stream>()
  const stopping = new AbortController()
  /** Ids of another process, or of an earlier start, are unknown here. */
  const epoch = randomBytes(6).toString('base64url')
  const remembered: StreamedEvent[] = []
  let sequence = 0
  let listening: 'not started' | 'listening' | 'lost' = 'not started'
  const waitingToBegin = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  let dueAt = Number.POSITIVE_INFINITY
  let isSending = false
  let sentAt = Number.NEGATIVE_INFINITY
  /** When the oldest change was heard that no event has told yet. */
  let untoldSince: number | null = null

  const recordChange = (change: Change): void => {
    if (streams.size === 0) {
      forget()
      return
    }
    changes.record(change)
    // A change of /health alone waits for the next event on purpose.
    if (change.kind !== 'health') untoldSince ??= performance.now()
    // A burst of webhooks must not become a burst of events. The next event includes the change.
    if (change.kind !== 'health') schedule(untilNextEvent())
  }

  const untilNextEvent = (): number => Math.max(AT_ONCE_MS, sentAt + GATHER_MS - performance.now())

  /** Never later than already scheduled: a steady flow of changes must not delay the next event. */
  const schedule = (ms: number): void => {
    const at = performance.now() + ms
    if (isSending || stopping.signal.aborted || at >= dueAt) return
    clearTimeout(timer)
    dueAt = at
    timer = setTimeout(() => void sendEvent(), ms)
  }

  /** Sends one event with the pending changes, or a quiet event as a sign of life. */
  const sendEvent = async (): Promise<void> => {
    isSending = true
    dueAt = Number.POSITIVE_INFINITY
    const pending = changes.takePending()
    const heardAt = untoldSince
    untoldSince = null
    try {
      const now = deps.now()
      await endSignedOutStreams(now)
      if (streams.size === 0) {
        forget()
        return
      }
      const { event, isComparison } = await changes.describe(pending, now)
      broadcast(event)
      if (heardAt !== null) deps.metrics.changeSeconds.observe((performance.now() - heardAt) / 1_000)
      if (isComparison) await changes.finishComparison(now)
    } catch (err) {
      deps.logger.warn({ err }, 'changes could not be read; windows poll instead')
      endAll(liveUnavailable())
    } finally {
      isSending = false
      sentAt = performance.now()
      if (changes.isDue()) schedule(untilNextEvent())
      else if (streams.size > 0) {
        schedule(Math.min(LIVE_BEAT_MS, Math.max(GATHER_MS, changes.untilScheduledChange())))
      }
    }
  }

  /** Ends the streams of people who were signed out, suspended or removed. */
  const endSignedOutStreams = async (now: Date): Promise<void> => {
    // A stream that begins in the meantime was not part of the question.
    const checked = [...streams]
    const open = await readRolesOfSessions(deps, [...new Set(checked.map(({ sessionId }) => sessionId))], now)
    for (const stream of checked) {
      const role = open.get(stream.sessionId)
      if (role !== undefined) stream.role = role
      else {
        end(stream, new AppError('signed_out', 'You are no longer signed in. Nothing was changed. Sign in again.'))
        streams.delete(stream)
      }
    }
  }

  const broadcast = (event: LiveEvent): void => {
    sequence += 1
    const streamed = { id: `${epoch}.${sequence}`, event }
    remembered.push(streamed)
    if (remembered.length > REMEMBERED) remembered.shift()
    for (const stream of streams) {
      stream.waiting.push(streamed)
      if (stream.waiting.length > WAITING_AT_MOST) {
        stream.waiting.length = 0
        stream.waiting.push({ id: streamed.id, event: reloadEvent() })
      }
      stream.wake()
    }
  }

  const reloadEvent = (): LiveEvent => ({ ...quietEvent(deps.now().toISOString()), reload: true })

  const end = (stream: Stream, error: AppError | null): void => {
    stream.ended = error
    stream.wake()
  }

  /** The known state is out of date: windows that reconnect must read everything again. */
  const forget = (): void => {
    sequence += 1
    remembered.length = 0
    untoldSince = null
    changes.forget()
  }

  const endAll = (error: AppError | null): void => {
    for (const stream of streams) end(stream, error)
    forget()
  }

  /** Resolves while the database's notices are heard. The first call opens the connection. */
  const requireListening = (): Promise<void> => {
    if (listening === 'not started') {
      listening = 'lost'
      const listener = {
        onChange: recordChange,
        onListening: () => {
          listening = 'listening'
          for (const resolve of waitingToBegin) resolve()
          waitingToBegin.clear()
        },
        onLost: () => {
          listening = 'lost'
          if (!stopping.signal.aborted) endAll(liveUnavailable())
        },
      }
      void listen(deps.config.databaseDirectUrl, deps.logger, listener, stopping.signal)
    }
    if (listening === 'listening') return Promise.resolve()
    return new Promise((resolve, reject) => {
      const refuse = setTimeout(() => reject(liveUnavailable()), BEGIN_MS)
      waitingToBegin.add(() => {
        clearTimeout(refuse)
        resolve()
      })
    })
  }

  /** The events after `lastId`; null when they are not known. */
  const missedSince = (lastId: string | null): readonly StreamedEvent[] | null => {
    if (lastId === `${epoch}.${sequence}`) return []
    const at = remembered.findIndex(({ id }) => id === lastId)
    return at < 0 ? null : remembered.slice(at + 1)
  }

  return {
    async *watch(actor, lastId, signal) {
      const { sessionId, userId, role } = actor
      if (sessionId === undefined) {
        throw new AppError(
          'permission_refused',
          'An API token cannot open a stream. Nothing was changed. Poll instead.',
        )
      }
      await requireListening()
      requireFreeStream(streams, userId)
      const stream: Stream = { userId, sessionId, role, waiting: [], ended: undefined, wake: () => undefined }
      const leave = () => end(stream, null)
      signal?.addEventListener('abort', leave)
      const missed = missedSince(lastId)
      // Notices of changes may still be on their way, so what is known may be older than what the first window reads itself.
      if (missed === null && streams.size === 0) forget()
      streams.add(stream)
      if (missed === null) stream.waiting.push({ id: `${epoch}.${sequence}`, event: reloadEvent() })
      else stream.waiting.push(...missed)
      // The first event tells the window that its stream works.
      changes.learnGrid()
      schedule(untilNextEvent())
      try {
        while (stream.ended === undefined && signal?.aborted !== true) {
          const next = stream.waiting.shift()
          if (next !== undefined) yield { id: next.id, event: eventFor(stream.role, next.event) }
          else {
            await new Promise<void>((resolve) => {
              stream.wake = resolve
              if (stream.ended !== undefined) resolve()
            })
          }
        }
        if (stream.ended) throw stream.ended
      } finally {
        streams.delete(stream)
        signal?.removeEventListener('abort', leave)
      }
    },
    openStreams: () => streams.size,
    stop: (withinMs = 0) => {
      stopping.abort()
      clearTimeout(timer)
      for (const stream of streams) {
        if (withinMs === 0) end(stream, null)
        else setTimeout(() => end(stream, null), Math.random() * withinMs)
      }
    },
  }
}

const liveUnavailable = (): AppError =>
  new AppError(
    'database_unavailable',
    'Live updates are not available right now. Nothing is lost. This window polls every few seconds instead.',
  )

function requireFreeStream(streams: ReadonlySet<Stream>, userId: string): void {
  const own = [...streams].filter((stream) => stream.userId === userId).length
  if (own < STREAMS_PER_ACCOUNT && streams.size < STREAMS) return
  throw new AppError(
    'rate_limited',
    'Too many windows are open. Nothing is lost. This window polls every few seconds instead.',
    { retryAfterSeconds: 60 },
  )
}
