import { z } from 'zod'
import { askedValues } from '~/domain/deploy/asked-inputs'
import { tickedLines } from '~/domain/deploy/checklist'
import { id, reasonText, requiredReason, storableText, surfaceId } from '~/domain/input'

/** A git ref as GitHub takes it: branch, tag or SHA. Git's own rules apply (git-check-ref-format(1)). */
const gitRef = storableText
  .trim()
  .min(1, 'choose a ref')
  .max(255)
  .refine((ref) => !/[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\//u.test(ref), 'not a ref name git accepts')

const commitSha = z.string().regex(/^[0-9a-f]{40}$/, 'expected a full commit SHA')

/** The surface's running commit at the review, or `unknown` if none was proven. */
export const reviewedRunningSha = z.union([commitSha, z.literal('unknown')])

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 digest')
const blobName = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'expected the name of a git blob')

/** What a review showed and does not repeat in the request: as it was then, each in a text that is only compared. */
export const reviewBasis = z.object({
  /** What surfaces.yaml declares about the surface. */
  declaration: digest,
  /** The branch or tag on which the run would start. */
  workflowRef: storableText.max(300),
  /** Git's name of the workflow file's text on that ref; null if GitHub did not answer with the file. */
  workflowFile: blobName.nullable(),
})
export type ReviewBasis = z.output<typeof reviewBasis>

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
  /** What the review rested on; the dispatch is refused when it would send or do something else by now. */
  basis: reviewBasis.optional(),
  /** What the operator filled in of the inputs that the surface asks for. */
  inputs: askedValues.optional(),
  /** The lines of the surface's checklist that the operator ticked. */
  checklist: tickedLines.optional(),
  idempotencyKey: storableText.min(8).max(200),
  /** Waits in the queue of the surface if a deploy is under way, or others wait. It says nothing about what is deployed. */
  queue: z.boolean().optional(),
  /**
   * Ships in spite of the freezes and locks in force; recorded with its reason. With `freezeIds`, the override covers only
   * these freezes, which the review showed. A later freeze still stops the deploy.
   */
  overrideFreeze: z
    .object({
      reason: requiredReason,
      freezeIds: z.array(id).max(50).optional(),
    })
    .optional(),
  /**
   * The source of the commit, if it is not a ref: an earlier deploy of the surface, or another surface of the same workflow.
   * `ref` is then the commit, and the server compares it with the source.
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

/**
 * What happens to a deploy whose workflow runs from the chosen ref, if that ref has moved between the review and the start of the run:
 * GitHub starts the run on the ref's commit at that time.
 */
export const ON_MOVED = ['cancel', 'continue'] as const
export type OnMoved = (typeof ON_MOVED)[number]

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
