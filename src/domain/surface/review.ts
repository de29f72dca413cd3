import type { AskedInput } from '~/domain/deploy/asked-inputs'
import type { ReviewBasis } from '~/domain/deploy/request'

/** The choices of the modal's first step. */
export interface RefChoices {
  readonly branches: readonly NamedRef[]
  readonly tags: readonly NamedRef[]
  readonly commits: readonly CommitSummary[]
  /** Whether GitHub has no commit under the surface's default ref. */
  readonly defaultMissing: boolean
  /** What could not be read, a sentence each. */
  readonly notes: readonly string[]
}

export interface NamedRef {
  readonly name: string
  /** Null for an annotated tag: its commit is read at the review. */
  readonly sha: string | null
}

export interface CommitSummary {
  readonly sha: string
  /** First line of the commit message. */
  readonly title: string
  readonly author: string
  readonly at: string
  readonly url: string
}

/** A merged pull request. `sha`: the commit that brought it in. */
export interface PullRequest {
  readonly number: number
  readonly title: string
  readonly author: string
  readonly url: string
  readonly sha: string
}

export interface CommitCheck {
  readonly name: string
  /** `other`: neither passed, nor failed, nor under way, such as a skipped one. */
  readonly state: 'green' | 'pending' | 'red' | 'other'
  /** GitHub's own word. */
  readonly word: string
  /** Null if the check names no page. */
  readonly url: string | null
}

/** The checks of the commit that would be deployed. */
export interface CommitChecks {
  /** Those that failed first, then those that are under way. At most `CHECKS_LISTED`. */
  readonly checks: readonly CommitCheck[]
  readonly counts: Readonly<Record<CommitCheck['state'], number>>
  /** False if some could not be read. */
  readonly complete: boolean
}

export const CHECKS_LISTED = 100

/** The second step of the modal: what a deploy of `ref` would change, as GitHub sees it now. */
export interface Review {
  readonly surfaceId: string
  readonly ref: string
  /** The commit `ref` points at now; goes back as `expectedSha`. */
  readonly sha: string
  /** Null if GitHub does not answer; the review then shows only the recorded commit. */
  readonly head: CommitSummary | null
  /** What runs now; null when the surface never reported a version. */
  readonly runningSha: string | null
  readonly comparison: Comparison | null
  /** The pull requests of the compared commits, as far as GitHub's list of the last ones tells. */
  readonly pulls: readonly PullRequest[]
  /** False if commits or pull requests could not be read, or are older than that list. */
  readonly pullsComplete: boolean
  readonly checks: CommitChecks
  readonly warnings: readonly ReviewWarning[]
  /** The freezes an override would cover; empty when none is in force. */
  readonly freezeIds: readonly string[]
  /** The branch or tag on which the run starts, by its full name; null: the surface's default ref. */
  readonly workflowRef: string | null
  /** The inputs of the workflow that the operator fills in. */
  readonly asked: readonly AskedInput[]
  /** What the operator ticks before a deploy that is no rollback. */
  readonly checklist: readonly string[]
  /** Goes back with the request. */
  readonly basis: ReviewBasis
}

/** GitHub's comparison running...ref. `removes` counts commits that run now and would be gone (a step back). */
export interface Comparison {
  readonly kind: 'identical' | 'ahead' | 'behind' | 'diverged'
  readonly adds: number
  readonly removes: number
  /** Newest first; at most what one page of GitHub's answer holds. */
  readonly commits: readonly CommitSummary[]
  /** The commits that would be gone, newest first, as far as one page holds them. */
  readonly removed: readonly CommitSummary[]
  /** Which of these commits touch the paths of the surface; null if it declares none, and for its whole repository. */
  readonly touching: Touching | null
  readonly url: string
}

export interface Touching {
  readonly paths: readonly string[]
  /** Null if GitHub's lists do not tell. */
  readonly known: { readonly adds: number; readonly removes: number; readonly shas: readonly string[] } | null
}

export interface ReviewWarning {
  readonly kind:
    | 'busy'
    | 'locked'
    | 'frozen'
    | 'notice'
    | 'rollback_lock'
    | 'nothing_new'
    | 'step_back'
    | 'misnamed'
    | 'not_comparable'
    | 'unhealthy'
    | 'checks_red'
    | 'deploy_freeze'
    | 'deploy_freeze_unread'
  /** A sentence for the operator. */
  readonly text: string
  /** A blocking one means the server would refuse the dispatch now. */
  readonly blocking: boolean
  /** The deploy that holds the surface, of a `busy` warning. */
  readonly deployId?: string
}
