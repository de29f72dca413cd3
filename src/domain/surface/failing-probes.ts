import { z } from 'zod'
import type { RollbackMode } from '~/domain/deploy/watch'
import { shortSha } from '~/domain/ref'
import type { HealthState } from '~/domain/surface/tile'

// What proves that a surface turned unhealthy within the watch of a deploy (docs/adr/060).

/** A surface has turned unhealthy when this many probes in a row say so, over at least this time. */
export const FAILING_PROBES = 3
export const FAILING_SECONDS = 20

/** A version counts as healthy until it was replaced if it was seen healthy this shortly before the deploy was requested, or later. */
const HEALTHY_BEFORE_MS = 60_000

/** One answer of a watched surface. */
export interface WatchedProbe {
  readonly at: Date
  readonly health: HealthState
  /** What the answer said, such as `answers HTTP 503`. */
  readonly detail: string | null
  /** The commit that the same answer reported; null if it reported none, or if the commit is not known. */
  readonly sha: string | null
}

const run = z.object({ since: z.iso.datetime(), count: z.int() })
type Run = z.output<typeof run>

/** The probes in a row that were not healthy. `proven`: those at the end in which the surface itself said so, and named the deploy's commit. */
export const failingProbes = z.object({
  any: run,
  proven: run.nullable(),
  /** Whether one of `any` got no answer from the surface. */
  unreached: z.boolean(),
  last: z.iso.datetime(),
  detail: z.string(),
})
export type FailingProbes = z.output<typeof failingProbes>

/**
 * The failing probes after one more. A healthy answer ends them, and so does an answer with another commit: what fails is not the deploy. A
 * probe that was asked before the last one changes nothing.
 */
export function noteWatched(
  failing: FailingProbes | null,
  probe: WatchedProbe,
  deployedSha: string,
): FailingProbes | null {
  if (failing !== null && probe.at.toISOString() <= failing.last) return failing
  const isFailing = probe.health === 'unhealthy' || probe.health === 'unreachable'
  if (!isFailing || (probe.sha !== null && probe.sha !== deployedSha)) return null
  const at = probe.at.toISOString()
  const isProven = probe.health === 'unhealthy' && probe.sha === deployedSha
  return {
    any: extended(failing?.any ?? null, at),
    proven: isProven ? extended(failing?.proven ?? null, at) : null,
    unreached: failing?.unreached === true || probe.health === 'unreachable',
    last: at,
    detail: probe.detail ?? probe.health,
  }
}

const extended = (before: Run | null, at: string): Run => ({
  since: before?.since ?? at,
  count: (before?.count ?? 0) + 1,
})

/** What the failing probes prove. `unproven`: the surface fails, but not every answer said so and named the commit. */
export interface Failure {
  readonly since: Date
  readonly probes: number
  readonly isProven: boolean
  /** One of the probes was not answered. */
  readonly unreached: boolean
  readonly detail: string
}

/**
 * Whether the failing probes are enough to act on; null if not. In the mode auto, a row that may become proven is waited for, as long as the
 * surface names the commit.
 */
export function judgeFailing(failing: FailingProbes | null, mode: RollbackMode): Failure | null {
  if (failing === null) return null
  const { any, proven, unreached, last, detail } = failing
  const isEnough = ({ since, count }: Run) =>
    count >= FAILING_PROBES && Date.parse(last) - Date.parse(since) >= FAILING_SECONDS * 1_000
  const of = ({ since, count }: Run, isProven: boolean): Failure => ({
    since: new Date(since),
    probes: count,
    isProven,
    unreached: isProven ? false : unreached,
    detail,
  })
  if (proven !== null && isEnough(proven)) return of(proven, true)
  if (mode === 'auto' && proven !== null) return null
  return isEnough(any) ? of(any, false) : null
}

/** Why the console does not start the rollback itself, as a sentence; null if it may. */
export function refuseStart(facts: {
  readonly failure: Failure
  readonly target: { readonly sha: string; readonly healthyAt: Date | null; readonly hasTurned: boolean } | null
  readonly requestedAt: Date
}): string | null {
  const { failure, target, requestedAt } = facts
  if (!failure.isProven) return 'Not every answer of the surface said that it is unhealthy and runs this deploy.'
  if (target === null) return 'No earlier deploy is proven to have shipped another version.'
  if (target.hasTurned) return `The surface turned unhealthy with ${shortSha(target.sha)} too.`
  const isHealthyBefore =
    target.healthyAt !== null && target.healthyAt.getTime() >= requestedAt.getTime() - HEALTHY_BEFORE_MS
  return isHealthyBefore
    ? null
    : `The surface was not seen healthy with ${shortSha(target.sha)} right before this deploy.`
}
