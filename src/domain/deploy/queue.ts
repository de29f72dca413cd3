import type { DeployKind } from '~/domain/deploy/approval'
import { isTerminal } from '~/domain/deploy/status'
import { hasTurned } from '~/domain/deploy/watch'
import { clockUtc } from '~/domain/utc-time'

/** All but the first are final. */
export const QUEUED_STATES = ['waiting', 'deployed', 'refused', 'withdrawn', 'replaced', 'expired'] as const
export type QueuedState = (typeof QUEUED_STATES)[number]

/** How long a request waits. The proof of identity that came with it is not older than this at its turn (docs/adr/063). */
export const QUEUE_MINUTES = 60

/** How many requests of one surface wait at most. */
export const QUEUE_LENGTH = 20

/** How many of them are of one person. */
export const QUEUED_BY_ONE = 3

/** One request that waits. Times are ISO strings in UTC. */
export interface QueuedSummary {
  readonly id: string
  /** 1 is next. */
  readonly position: number
  readonly kind: DeployKind
  readonly ref: string
  readonly sha: string
  readonly requestedBy: string
  /** The owner of the token `requestedBy`; null when a person asked. */
  readonly requestedByOwner: string | null
  readonly requestedAt: string
  readonly expiresAt: string
}

/** What waits at a surface, in the order of the requests. */
export interface SurfaceQueue {
  readonly waiting: readonly QueuedSummary[]
  /** Why nothing is taken although the surface is free, or will be; null while the queue goes on by itself. */
  readonly stop: QueueStop | null
  /** Why no turn comes yet although the deploy ahead has ended: a sentence. The queue goes on by itself. */
  readonly wait: string | null
}

export interface QueueStop {
  /** The deploy after which the queue stopped. */
  readonly deployId: string
  /** A sentence. */
  readonly why: string
}

/** What ends a stop, in the same words everywhere. */
export const HOW_A_STOP_ENDS = 'It goes on once somebody continues it, or a later deploy lets it go on.'

export const NO_QUEUE: SurfaceQueue = { waiting: [], stop: null, wait: null }

/** One request, as its page and REST show it. */
export interface QueuedView extends Omit<QueuedSummary, 'position'> {
  readonly state: QueuedState
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string }
  readonly sourceId: string | null
  readonly reason: string | null
  readonly inputs: readonly { readonly name: string; readonly value: string }[]
  readonly checklist: readonly string[]
  /** 1 is next; null if it does not wait any more. */
  readonly position: number | null
  /** The deploy that has the surface; null if there is none, or if the request does not wait any more. */
  readonly deployAhead: { readonly id: string; readonly requestedBy: string; readonly ref: string } | null
  /** The requests that wait before this one. */
  readonly ahead: readonly QueuedSummary[]
  readonly stop: QueueStop | null
  readonly wait: string | null
  /** How it ended: who or what ended it, when, and why it was refused. */
  readonly end: { readonly by: string; readonly at: string; readonly reason: string | null } | null
  /** The newer request of the same person, ref and inputs. */
  readonly replacedById: string | null
  readonly deployId: string | null
  readonly yours: boolean
  /** Whether the reader may take it out of the queue. */
  readonly withdrawable: boolean
}

/** The newest deploy of a surface, as far as the queue depends on it. */
export interface DeployAhead {
  readonly id: string
  readonly status: string
  readonly kind: string
  readonly finishedAt: Date | null
  readonly holdsSurface: boolean
  /** A run was seen after its end. */
  readonly hasLateRun: boolean
  /** Somebody released the surface from it. */
  readonly isReleased: boolean
  /** Somebody continued the queue in spite of it. */
  readonly isContinued: boolean
  readonly isCancelRequested: boolean
  /** Something about it needs a look, such as a second run (`ALARM_ACTIONS`). */
  readonly hasAlarm: boolean
  /** Of its armed rollback (docs/adr/060). Null if it is not watched. */
  readonly watch: { readonly state: string; readonly until: Date } | null
}

/** What the surface last answered. */
export interface SurfaceHealth {
  readonly health: string
  readonly healthCheckedAt: Date | null
}

/**
 * Whether the request that waits first has its turn, once the newest deploy has ended. Only a deploy that is not a rollback, succeeded, never
 * held its surface, and left it healthy lets the next one follow without a person's decision.
 */
export function judgeQueue(
  deploy: DeployAhead | null,
  surface: SurfaceHealth,
  now: Date,
): Pick<SurfaceQueue, 'stop' | 'wait'> {
  if (deploy === null || !isTerminal(deploy.status)) return GOES_ON
  const { id: deployId, watch } = deploy
  const stopped = (why: string) => ({ stop: { deployId, why }, wait: null })
  if (deploy.holdsSurface) return stopped('The deploy ahead has ended and still holds the surface.')
  // Before the decision of a person: what a watch sees later is not covered by it.
  if (watch !== null && isOpen(watch.state) && now < watch.until) {
    return waits(`The queue waits until ${clockUtc(watch.until.toISOString())}: the deploy ahead is watched.`)
  }
  if (watch?.state === 'starting') return waits('The queue waits: the console is starting a rollback.')
  if (deploy.isContinued) return GOES_ON
  const why = whyStopped(deploy)
  if (why !== null) return stopped(why)
  const { health, healthCheckedAt } = surface
  const isSeen = healthCheckedAt !== null && deploy.finishedAt !== null && healthCheckedAt > deploy.finishedAt
  return health === 'unhealthy' && isSeen
    ? waits('The queue waits until the surface is healthy: it is unhealthy after the deploy ahead.')
    : GOES_ON
}

const GOES_ON = { stop: null, wait: null } as const
const waits = (wait: string) => ({ stop: null, wait })

function whyStopped({
  kind,
  status,
  hasLateRun,
  isReleased,
  isCancelRequested,
  hasAlarm,
  watch,
}: DeployAhead): string | null {
  if (kind === 'rollback') return 'The deploy ahead was a rollback.'
  if (status === 'failed') return 'The deploy ahead failed.'
  if (status === 'timed_out') return 'The deploy ahead timed out.'
  if (status === 'cancelled') return 'The deploy ahead was cancelled.'
  if (status !== 'succeeded' || hasLateRun || isReleased) return 'The deploy ahead held the surface after its end.'
  if (isCancelRequested) return 'Somebody asked to cancel the deploy ahead, and it succeeded.'
  if (hasAlarm) return 'The deploy ahead has an alarm.'
  if (watch === null || watch.state === 'watching' || watch.state === 'disarmed') return null
  if (watch.state === 'armed') return 'The surface was not seen healthy with the deploy ahead while it was watched.'
  return hasTurned(watch.state)
    ? 'The surface turned unhealthy after the deploy ahead.'
    : 'A newer version of the console watches the deploy ahead.'
}

const isOpen = (state: string) => state === 'armed' || state === 'watching'
