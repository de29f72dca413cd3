import type { WaitingEnvironments } from '~/domain/deploy/environment-review'
import type { EventProof } from '~/domain/deploy/event-proof'
import type { FailedLog } from '~/domain/deploy/failed-log'
import type { SurfaceQueue } from '~/domain/deploy/queue'
import type { Quiet } from '~/domain/deploy/quiet'
import type { DeployReport } from '~/domain/deploy/report'
import type { CancelRequest } from '~/domain/deploy/request'
import type { KeptJobs, RunJob } from '~/domain/deploy/run-jobs'
import type { DeployWatch } from '~/domain/deploy/watch'

/** How many attempts of its run a deploy shows, the newest ones. */
export const ATTEMPTS_SHOWN = 3

/** The shortest text by which deploys are found. Shorter ones would match too much. */
export const FIND_FROM = 4

/** How many of the newest log lines a poll carries (docs/contract.md, "Poll"). */
export const LOG_TAIL_LENGTH = 200

export interface DeploySummary extends DeployReport {
  readonly id: string
  /** A known status, or whatever a newer version stored. */
  readonly status: string
  readonly terminal: boolean
  readonly failureStage: string | null
  readonly ref: string
  readonly sha: string | null
  readonly requestedBy: string
  readonly requestedAt: string
  readonly finishedAt: string | null
}

export interface LogLine {
  /** 1, 2, 3 … within one deploy; also the cursor for older lines. */
  readonly seq: number
  readonly line: string
  readonly at: string
}

/** The numbers of the lines that a search of the log found. */
export interface LogMatches {
  readonly lines: readonly number[]
  /** More lines match than are listed. */
  readonly more: boolean
}

/** A list, not an object, because REST respells the names of members. */
export interface SentInput {
  readonly name: string
  readonly value: string
}

/** One attempt of the run, as GitHub's record showed it at `seenAt`. */
export interface RunAttempt extends Pick<KeptJobs, 'moreJobs'> {
  readonly attempt: number
  readonly seenAt: string
  readonly jobs: readonly (RunJob & { readonly url: string | null })[]
  /** The end of the log of the first job that failed; null before it was asked for. */
  readonly failedLog: FailedLog | null
}

/** One row of the deploy's timeline, from the audit trail. */
export interface TimelineEntry {
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly status: string | null
  /** One sentence, for a refused or unusual event; null where the status says it all. */
  readonly note: string | null
  /** What the event rests on; null if this version does not know the event. */
  readonly proof: EventProof | null
}

/** Answer of `deploys.get`: everything the modal shows of one deploy. */
export interface DeployView extends DeploySummary {
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string; readonly url: string }
  readonly repository: string
  readonly workflow: string
  /** The inputs as sent to the workflow; null for a deploy from before they were recorded. */
  readonly inputs: readonly SentInput[] | null
  /** The lines of the checklist that the requester ticked. */
  readonly checklist: readonly string[]
  readonly reason: string | null
  /** Whose API token asked for it; null when a person did. */
  readonly requestedByOwner: string | null
  /** The reason of the freeze override; null without an override. */
  readonly overrideReason: string | null
  /** A known kind (approval.ts), or whatever a newer version stored. */
  readonly kind: string
  /** The approver; null if the surface required no approval. */
  readonly approvedBy: string | null
  /** The approval that it came from; null if the surface required none. */
  readonly approvalId: string | null
  /** Why it failed, in words for an operator, where more is known than the stage. */
  readonly failureDetail: string | null
  /** A string: run ids outgrow what a JavaScript number holds exactly. */
  readonly runId: string | null
  readonly runAttempt: number | null
  readonly runUrl: string | null
  /** The attempts of the run with their jobs, the newest first; empty before GitHub's record was read. */
  readonly runAttempts: readonly RunAttempt[]
  /** Why nothing happens, from facts; null if nothing is quiet, or if the reason is not known. */
  readonly quiet: Quiet | null
  /** The environments of GitHub that hold the run; null if no such environment is known, or if nothing may be decided here. */
  readonly waitingEnvironments: WaitingEnvironments | null
  /** The address of another run that was seen after the deploy ended; null if there is none. */
  readonly lateRunUrl: string | null
  /** What happens if its surface turns unhealthy soon after it; null if the surface declares nothing. */
  readonly watch: DeployWatch | null
  /** Null if nobody requested a cancel. */
  readonly cancel: CancelRequest | null
  /** What waits behind it; null for a deploy that is not the newest of its surface. */
  readonly queue: SurfaceQueue | null
  /** What an operator must know beside the status, a sentence each. */
  readonly warnings: readonly string[]
  /** The warnings that report a fault. */
  readonly alarms: readonly string[]
  readonly timeline: readonly TimelineEntry[]
  /** The newest lines, oldest first. */
  readonly logTail: readonly LogLine[]
  /** When the log was deleted because of its age; null while it is kept, or if the answer does not say. */
  readonly logDeletedAt: string | null
  /** Pass as `before` to read older lines; null when the tail holds them all. */
  readonly logCursor: number | null
}

/** One line of a surface's history. */
export interface PastDeploy {
  readonly id: string
  readonly status: string
  readonly terminal: boolean
  readonly headline: DeployReport['headline']
  readonly shipped: DeployReport['shipped']
  readonly failureDetail: string | null
  readonly ref: string
  readonly sha: string | null
  readonly reason: string | null
  readonly kind: string
  readonly requestedBy: string
  readonly approvedBy: string | null
  readonly requestedAt: string
  readonly finishedAt: string | null
}

export interface HistoryPage {
  readonly surface: {
    readonly id: string
    readonly name: string
    readonly environment: string
    readonly url: string
    /** No longer declared: it keeps its history, and cannot ship. */
    readonly archived: boolean
    /** The commit it runs by the newest evidence; null when nothing proves one. */
    readonly runs: string | null
  }
  readonly deploys: readonly PastDeploy[]
  /** Pass as `cursor` for older deploys; null when there are none. */
  readonly nextCursor: string | null
}
