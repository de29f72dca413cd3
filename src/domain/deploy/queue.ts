import type { DeployKind } from '~/domain/deploy/approval'
import { isTerminal } from '~/domain/deploy/status'
import { hasTurned } from '~/domain/deploy/watch'
import { inSentence } from '~/domain/foreign-text'
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

/** How long after its end a requester is told of a request that ended without a deploy, unless they dismiss it. */
export const ENDED_TOLD_HOURS = 24

/** One request that waits. Times are ISO strings in UTC. */
export interface QueuedSummary {
  readonly id: string
  /** 1 is next. */
  readonly position: number
  readonly kind: DeployKind
  /** The surface whose commit a promotion ships; null for other kinds. */
  readonly sourceId: string | null
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
  /** The deploy after which somebody may let the queue go on; null if nobody can, or need not. */
  readonly continueAfter: string | null
}

export interface QueueStop {
  /** The deploy after which the queue stopped. */
  readonly deployId: string
  /** A sentence. */
  readonly why: string
}

/** What ends a stop, in the same words everywhere. */
export const HOW_A_STOP_ENDS = 'It goes on once somebody continues it, or a later deploy lets it go on.'

/** What ends a wait that a person may end, in the same words everywhere. */
export const HOW_A_WAIT_ENDS =
  'It goes on by itself then, or once somebody continues it: then the first request that is not refused is deployed.'

export const NO_QUEUE: SurfaceQueue = { waiting: [], stop: null, wait: null, continueAfter: null }

/** One request, as its page and REST show it. */
export interface QueuedView extends Omit<QueuedSummary, 'position'> {
  readonly state: QueuedState
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string }
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
  readonly continueAfter: string | null
  /** How it ended: who or what ended it, when, and why it was refused. */
  readonly end: { readonly by: string; readonly at: string; readonly reason: string | null } | null
  /** The newer request of the same person, ref and inputs. */
  readonly replacedById: string | null
  /** The older request that it replaced. */
  readonly replacesId: string | null
  readonly deployId: string | null
  readonly yours: boolean
  /** Whether the reader may take it out of the queue. */
  readonly withdrawable: boolean
}

/** A request of the reader that ended without a deploy, as the grid tells it. */
export type EndedRequest = Pick<
  QueuedView,
  'id' | 'surface' | 'state' | 'sourceId' | 'ref' | 'sha' | 'requestedBy' | 'requestedByOwner' | 'replacedById'
> & { readonly kind: string; readonly end: NonNullable<QueuedView['end']> }

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
  /** Something about it needs a look, such as a second run (`ALARM_ACTIONS`), and is newer than a decision to continue. */
  readonly hasAlarm: boolean
  /** Of its armed rollback (docs/adr/060). Null if it is not watched. */
  readonly watch: { readonly state: string; readonly until: Date } | null
}

/** What the surface last answered. */
export interface SurfaceHealth {
  readonly health: string
  /** Why, in one line. */
  readonly healthDetail: string | null
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
): Omit<SurfaceQueue, 'waiting'> {
  if (deploy === null || !isTerminal(deploy.status)) return GOES_ON
  const { id: deployId, watch } = deploy
  const stopped = (why: string) => ({ stop: { deployId, why }, wait: null, continueAfter: deployId })
  if (deploy.holdsSurface) {
    return { ...stopped('The deploy ahead has ended and still holds the surface.'), continueAfter: null }
  }
  // Before the decision of a person: what a watch sees later is not covered by it.
  if (watch !== null && isOpen(watch.state) && now < watch.until) {
    return waits(`The queue waits until ${clockUtc(watch.until.toISOString())}: the deploy ahead is watched.`)
  }
  if (watch?.state === 'starting') return waits('The queue waits: the console is starting a rollback.')
  // Nor does the decision cover an alarm that is newer.
  if (deploy.isContinued && deploy.hasAlarm)
    return stopped('The deploy ahead has an alarm since the queue was continued.')
  if (deploy.isContinued) return GOES_ON
  const why = whyStopped(deploy)
  if (why !== null) return stopped(why)
  const { health, healthDetail, healthCheckedAt } = surface
  const isSeen = healthCheckedAt !== null && deploy.finishedAt !== null && healthCheckedAt > deploy.finishedAt
  if (health !== 'unhealthy' || !isSeen) return GOES_ON
  const detail = healthDetail === null ? '' : ` (${inSentence(healthDetail)})`
  const wait = `The queue waits until the surface is healthy: it is unhealthy after the deploy ahead${detail}.`
  return { stop: null, wait, continueAfter: deployId }
}

const GOES_ON = { stop: null, wait: null, continueAfter: null } as const
const waits = (wait: string) => ({ stop: null, wait, continueAfter: null })

/** Why a promotion that is next does not start, although the surface is free. */
export const waitForSource = (sourceId: string): string =>
  `The queue waits until it is known which commit ${inSentence(sourceId)} runs: a promotion from there is next.`

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
