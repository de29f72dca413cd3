import { z } from 'zod'
import type { DeployAccount } from '~/domain/deploy-account'
import { id, reasonText, requiredReason, storableText, surfaceId } from '~/domain/input'

/** How many of the newest log lines a poll carries (docs/contract.md, "Poll"). */
export const LOG_TAIL_LENGTH = 200

/** A git ref as GitHub takes it: branch, tag or SHA. Refused is what git itself refuses (git-check-ref-format(1)). */
const gitRef = storableText
  .trim()
  .min(1, 'choose a ref')
  .max(255)
  .refine((ref) => !/[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\//u.test(ref), 'not a ref name git accepts')

const commitSha = z.string().regex(/^[0-9a-f]{40}$/, 'expected a full commit SHA')

/** What a review was made against: the commit that the surface ran, or that nothing proved one. */
export const reviewedRunningSha = z.union([commitSha, z.literal('unknown')])

/** Input of `deploys.dispatch`, and of the REST endpoint (which takes the key from the `Idempotency-Key` header). */
export const dispatchInput = z.object({
  surfaceId,
  ref: gitRef,
  /** What the operator typed; the server compares it with the surface's confirm phrase. */
  confirmation: storableText.max(200),
  reason: reasonText.optional(),
  /** The commit that was reviewed; the dispatch is refused when the ref no longer points there. */
  expectedSha: commitSha.optional(),
  /** What ran at the review; the dispatch is refused when the surface is known to run something else by now. */
  reviewedRunningSha: reviewedRunningSha.optional(),
  idempotencyKey: storableText.min(8).max(200),
  /**
   * Ships in spite of the freezes and locks in force; recorded with its reason. With `freezeIds` only of those: the ones
   * that were reviewed, so that a freeze opened since then still stands in the way.
   */
  overrideFreeze: z
    .object({
      reason: requiredReason,
      freezeIds: z.array(id).max(50).optional(),
    })
    .optional(),
  /**
   * Where the commit is taken from when it is not simply `ref`, which then is that commit: an earlier deploy of the same
   * surface, or what another surface of the same workflow runs. The server checks that it is so.
   */
  source: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('rollback'), deployId: id }),
      z.object({ kind: z.literal('promotion'), surfaceId }),
    ])
    .optional(),
})
export type DispatchInput = z.output<typeof dispatchInput>

/** Input of `deploys.release`: why somebody frees the surface although nothing proves that the deploy is over. */
export const releaseInput = z.object({ id, reason: requiredReason })

/** Where a commit is taken from when it is not simply a ref. */
export type DeploySource = NonNullable<DispatchInput['source']>

/** 202 semantics: the intent is recorded and GitHub was asked; the run id may still be unknown. */
export interface DispatchAnswer {
  readonly id: string
  readonly status: string
  readonly runId: string | null
}

/** How far a request to cancel has come. The end itself is the deploy's status. */
export interface CancelRequest {
  readonly askedAt: string
  readonly askedBy: string
  /** When GitHub took the request; null while it could not be asked or did not answer. */
  readonly acknowledgedAt: string | null
}

export interface CancelAnswer {
  readonly id: string
  readonly status: string
  readonly cancel: CancelRequest | null
}

export interface DeploySummary extends DeployAccount {
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

/** One row of the deploy's timeline, from the audit trail. */
export interface TimelineEntry {
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly status: string | null
  /** One sentence, for a refused or unusual event; null where the status says it all. */
  readonly note: string | null
}

/** Answer of `deploys.get`: everything the modal shows of one deploy. */
export interface DeployView extends DeploySummary {
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string; readonly url: string }
  readonly repository: string
  readonly workflow: string
  readonly reason: string | null
  /** Whose API token asked for it; null when a person did. */
  readonly requestedByOwner: string | null
  /** Why it was shipped in spite of a freeze; null when it was not. */
  readonly overrideReason: string | null
  /** A known kind (approval.ts), or whatever a newer version stored. */
  readonly kind: string
  /** Who else said yes, where the surface asks for a second person; null where it did not. */
  readonly approvedBy: string | null
  /** Why it failed, in words for an operator, where more is known than the stage. */
  readonly failureDetail: string | null
  /** A string: run ids outgrow what a JavaScript number holds exactly. */
  readonly runId: string | null
  readonly runAttempt: number | null
  readonly runUrl: string | null
  /** Of a run that was seen after the end and is another one; null where there is none. */
  readonly lateRunUrl: string | null
  /** Null when nobody asked for its end. */
  readonly cancel: CancelRequest | null
  /** What an operator must know beside the status, a sentence each. */
  readonly warnings: readonly string[]
  /** Those of them that say that something went wrong. */
  readonly alarms: readonly string[]
  readonly timeline: readonly TimelineEntry[]
  /** The newest lines, oldest first. */
  readonly logTail: readonly LogLine[]
  /** Pass as `before` to read older lines; null when the tail holds them all. */
  readonly logCursor: number | null
}
