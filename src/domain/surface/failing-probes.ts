import { z } from 'zod'
import type { RollbackMode } from '~/domain/deploy/watch'
import { shortSha } from '~/domain/ref'
import type { HealthState } from '~/domain/surface/tile'

// What proves that a surface turned unhealthy within the watch of a deploy (docs/adr/060).

/** A surface has turned unhealthy when this many probes in a row say so, over at least this time. */
export const FAILING_PROBES = 3
export const FAILING_SECONDS = 20

/** A version counts as healthy until its replacement if a probe saw it healthy at most this long before the deploy was requested, or later. */
const HEALTHY_BEFORE_MS = 60_000

/** Two probes in a row are this far apart at most. After a longer pause, nobody knows what the surface answered meanwhile. */
const PAUSE_AT_MOST_MS = 30_000

/** One answer of a watched surface. */
export interface WatchedProbe {
  /** When it was asked, by the clock of the worker that asked. It names the probe. */
  readonly at: Date
  /** The probe that was on record before this one, by any worker; null if there was none, or if another one was recorded meanwhile. */
  readonly follows: Date | null
  readonly health: HealthState
  /** The HTTP status; null if there was no answer. */
  readonly httpStatus: number | null
  /** What the answer said, such as `answers HTTP 503`. */
  readonly detail: string | null
  /** The commit that the same answer reported; null if it reported none, or if the commit is not known. */
  readonly sha: string | null
}

const run = z.object({ since: z.iso.datetime(), count: z.int() })
type Run = z.output<typeof run>

/**
 * The probes in a row that were not healthy, by the database's clock. `proven`: those at the end in which the surface itself answered with a
 * server error, and named the deploy's commit.
 */
export const failingProbes = z.object({
  any: run,
  proven: run.nullable(),
  /** Whether one of `any` got no answer from the surface. */
  unreached: z.boolean(),
  last: z.iso.datetime(),
  /** The probe before the last one; equal to `last` after one probe. */
  beforeLast: z.iso.datetime(),
  /** The name of the last probe (`WatchedProbe.at`). */
  lastProbe: z.iso.datetime(),
  detail: z.string(),
})
export type FailingProbes = z.output<typeof failingProbes>

export const isFailing = ({ health }: Pick<WatchedProbe, 'health'>): boolean =>
  health === 'unhealthy' || health === 'unreachable'

/**
 * The failing probes after one more. A healthy answer ends them, and so does an answer with another commit: what fails is not the deploy. The
 * row goes on only if no other probe was recorded since its last one, and after a short pause. Otherwise a new row begins.
 */
export function noteWatched(
  before: FailingProbes | null,
  probe: WatchedProbe,
  { sha, now }: { readonly sha: string; readonly now: Date },
): FailingProbes | null {
  if (!isFailing(probe) || (probe.sha !== null && probe.sha !== sha)) return null
  const goesOn =
    before !== null &&
    probe.follows?.toISOString() === before.lastProbe &&
    now.getTime() - Date.parse(before.last) <= PAUSE_AT_MOST_MS
  const failing = goesOn ? before : null
  const at = now.toISOString()
  const isServerError = probe.httpStatus !== null && probe.httpStatus >= 500
  return {
    any: extended(failing?.any ?? null, at),
    proven: isServerError && probe.sha === sha ? extended(failing?.proven ?? null, at) : null,
    unreached: failing?.unreached === true || probe.health === 'unreachable',
    last: at,
    beforeLast: failing?.last ?? at,
    lastProbe: probe.at.toISOString(),
    detail: probe.detail ?? probe.health,
  }
}

const extended = (before: Run | null, at: string): Run => ({
  since: before?.since ?? at,
  count: (before?.count ?? 0) + 1,
})

/** What the failing probes prove. */
export interface Failure {
  readonly since: Date
  readonly probes: number
  /** Each of them was a server error that named the commit. */
  readonly isProven: boolean
  /** One of the probes was not answered. */
  readonly unreached: boolean
  /** The probe before the last one. */
  readonly beforeLast: Date
  readonly detail: string
}

/**
 * Whether the failing probes are enough to act on; null if not. In the mode auto, the console waits for a row that may still become proven,
 * as long as the surface names the commit. With a deploy that was not seen healthy, only a proven row is enough: nothing else says that it
 * runs at all.
 */
export function judgeFailing(
  failing: FailingProbes | null,
  { mode, wasHealthy }: { readonly mode: RollbackMode; readonly wasHealthy: boolean },
): Failure | null {
  if (failing === null) return null
  const { any, proven, unreached, last, beforeLast, detail } = failing
  const isEnough = ({ since, count }: Run) =>
    count >= FAILING_PROBES && Date.parse(last) - Date.parse(since) >= FAILING_SECONDS * 1_000
  const of = ({ since, count }: Run, isProven: boolean): Failure => ({
    since: new Date(since),
    probes: count,
    isProven,
    unreached: isProven ? false : unreached,
    beforeLast: new Date(beforeLast),
    detail,
  })
  if (proven !== null && isEnough(proven)) return of(proven, true)
  if (!wasHealthy || (mode === 'auto' && proven !== null)) return null
  return isEnough(any) ? of(any, false) : null
}

/** Why the console does not start the rollback itself, as a sentence; null if it may. */
export function refuseStart(facts: {
  readonly failure: Failure
  readonly target: { readonly sha: string; readonly healthyAt: Date | null; readonly hasTurned: boolean } | null
  readonly requestedAt: Date
  /** Whether the surface was seen healthy with the deploy. */
  readonly wasHealthy: boolean
}): string | null {
  const { failure, target, requestedAt, wasHealthy } = facts
  if (!wasHealthy) return 'The surface was not seen healthy with this deploy before.'
  if (!failure.isProven) return 'Not every answer of the surface was a server error that names this deploy’s commit.'
  if (target === null) return 'No earlier deploy is proven to have shipped another version.'
  if (target.hasTurned) return `The surface turned unhealthy with ${shortSha(target.sha)} too.`
  const isHealthyBefore =
    target.healthyAt !== null && target.healthyAt.getTime() >= requestedAt.getTime() - HEALTHY_BEFORE_MS
  return isHealthyBefore
    ? null
    : `The surface was not seen healthy with ${shortSha(target.sha)} right before this deploy.`
}
