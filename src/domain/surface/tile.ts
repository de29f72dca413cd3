import type { EndedRequest, SurfaceQueue } from '~/domain/deploy/queue'
import type { DeploySummary } from '~/domain/deploy/view'
import type { DeployWatch, RollbackMode } from '~/domain/deploy/watch'
import type { FreezeInForce } from '~/domain/freeze/freeze'
import type { WorkerState } from '~/domain/worker'

export const HEALTH_STATES = ['healthy', 'unhealthy', 'unreachable', 'unknown'] as const
export type HealthState = (typeof HEALTH_STATES)[number]

/**
 * `worker`: null if the answer does not say. `silent`: repositories that send no webhooks, told to admins only. `ended`: the reader's own queued
 * requests that ended without a deploy.
 */
export interface Grid {
  readonly surfaces: readonly SurfaceTile[]
  readonly worker: WorkerState | null
  readonly silent: readonly string[]
  readonly ended: readonly EndedRequest[]
  readonly now: string
}

/** A surface as the grid shows it. Times are ISO strings in UTC. */
export interface SurfaceTile {
  readonly id: string
  readonly name: string
  readonly environment: string
  readonly repository: string
  readonly workflow: string
  /** The service that it is one environment of; null: told by repository and workflow. */
  readonly service: string | null
  /** The default ref, usually `main`. */
  readonly ref: string
  /** The files and folders whose commits count; none: the whole repository. */
  readonly paths: readonly string[]
  readonly url: string
  /** What the operator must type to deploy. */
  readonly confirm: string
  readonly health: {
    readonly state: HealthState
    /** Why, in one line, e.g. `answers HTTP 503`; null when healthy or never probed. */
    readonly detail: string | null
    readonly checkedAt: string | null
  }
  /** The version that the surface reported last; null if it never reported one. */
  readonly version: {
    readonly sha: string
    /** The tag that the surface reported; null if it reported a commit. */
    readonly tag: string | null
    readonly url: string
    readonly seenAt: string
    /** Commits of the default ref that this version lacks, of those that touch `paths` if there are any; null if unknown. */
    readonly behindBy: number | null
    /** Commits of this version that the default ref lacks; null when unknown. */
    readonly aheadBy: number | null
    /** When both were counted. */
    readonly comparedAt: string | null
    /** Whether a deploy of this surface by the console is proven to have shipped it. */
    readonly shippedHere: boolean
  } | null
  /** What the surface reports if its commit is not known, and why, as a sentence; null otherwise. */
  readonly unknownVersion: { readonly name: string; readonly why: string } | null
  /** The newest deploy, finished or not. */
  readonly lastDeploy: DeploySummary | null
  /** The newest deploy that is proven to have shipped another commit than the one that runs; null when there is none. */
  readonly lastGood: {
    readonly deployId: string
    readonly sha: string
    readonly finishedAt: string
    /** When the surface was last seen healthy with it; null if that is not on record. */
    readonly healthyAt: string | null
  } | null
  /** What happens if it turns unhealthy soon after a deploy; null: nothing. */
  readonly armed: { readonly mode: RollbackMode; readonly minutes: number } | null
  /** The watch of `lastDeploy`; null if there is none. */
  readonly watch: DeployWatch | null
  /** No longer declared. The tile stays until its deploy has ended. */
  readonly archived: boolean
  /**
   * The newest alarm of `lastDeploy`, else what is wrong with the surface's declaration (a lock left behind, a repository that moved), as a
   * sentence; null when there is none.
   */
  readonly alarm: string | null
  /** A deploy without the console that is newer than `lastDeploy`; null when GitHub lists none. */
  readonly outsideRun: {
    readonly number: number
    readonly url: string
    readonly by: string
    readonly at: string
    readonly state: 'running' | 'succeeded'
    /** False: the run does not say that it ships to this surface. */
    readonly environmentKnown: boolean
  } | null
  /** The ended deploy whose run is not proven to be over, so that no other deploy may start; null if there is none. */
  readonly held: { readonly deployId: string; readonly runId: string | null } | null
  /** Whether a deploy waits for another person's approval. */
  readonly requiresApproval: boolean
  /** The waiting approval that expires first; null if there is none. */
  readonly waiting: {
    readonly approvalId: string
    readonly requestedBy: string
    /** The owner of the requesting API token; null for a person's request. */
    readonly requestedByOwner: string | null
    readonly sha: string
    readonly expiresAt: string
  } | null
  /** The requests that wait until the deploy ahead has ended. */
  readonly queue: SurfaceQueue
  /** The lock and the freeze windows in force, the strongest first. */
  readonly freezes: readonly FreezeInForce[]
  /** A notice, which warns and refuses nothing; null if there is none. */
  readonly notice: FreezeInForce | null
  /** For a production surface: DEPLOY_FREEZE of its repository at the last read; null if it froze nothing, or is unknown. */
  readonly deployFreeze: { readonly reason: string; readonly readAt: string } | null
  /** For a production surface: DEPLOY_FREEZE was never read, or the credentials may not read it. */
  readonly deployFreezeUnknown: boolean
}

/** A tile without the times of probes and reads, which change although the surface does not. */
export function withoutTimes({ health, version, deployFreeze, ...tile }: SurfaceTile) {
  return {
    ...tile,
    health: { ...health, checkedAt: null },
    version: version === null ? null : { ...version, seenAt: null, comparedAt: null },
    deployFreeze: deployFreeze === null ? null : { ...deployFreeze, readAt: null },
  }
}
