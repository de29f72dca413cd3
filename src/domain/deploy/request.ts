import { z } from 'zod'
import { id, reasonText, requiredReason, storableText, surfaceId } from '~/domain/input'

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
