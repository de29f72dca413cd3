import { z } from 'zod'
import { id, reasonText } from '~/domain/input'

/** GitHub's own words for the two decisions. */
export const REVIEW_DECISIONS = ['approved', 'rejected'] as const
export type ReviewDecision = (typeof REVIEW_DECISIONS)[number]

/** What is known about a decision: about to be sent, taken by GitHub, refused by GitHub, or sent without a known answer. */
export const REVIEW_OUTCOMES = ['asked', 'accepted', 'refused', 'unknown'] as const

const digits = z.string().regex(/^[1-9]\d{0,18}$/, 'expected digits')

const waitingEnvironment = z.object({ id: digits, name: z.string().min(1).max(255) })

/** Input of `deploys.reviewEnvironment`: the decision about one environment, and everything that the person saw waiting. */
export const reviewEnvironmentInput = z
  .object({
    id,
    runId: digits,
    runAttempt: z.int().positive(),
    /** When GitHub was asked for the list that the person saw. */
    readAt: z.iso.datetime(),
    waiting: z.array(waitingEnvironment).min(1).max(10),
    environmentId: digits,
    decision: z.enum(REVIEW_DECISIONS),
    reason: reasonText,
  })
  .refine(({ decision, reason }) => decision === 'approved' || reason !== '', { path: ['reason'], error: 'say why' })
  .refine(({ waiting, environmentId }) => waiting.some((environment) => environment.id === environmentId), {
    path: ['environmentId'],
    error: 'not among the environments that were shown',
  })
export type ReviewEnvironmentInput = z.output<typeof reviewEnvironmentInput>

/** Answer of `deploys.reviewEnvironment`. `unknown`: GitHub may have taken the decision. */
export interface EnvironmentReviewAnswer {
  readonly decision: ReviewDecision
  readonly outcome: 'accepted' | 'unknown'
}

/** The environments whose protection rules hold the run, as GitHub listed them at `readAt`. */
export interface WaitingEnvironments {
  readonly runId: string
  readonly runAttempt: number
  readonly readAt: string
  readonly environments: readonly {
    readonly id: string
    readonly name: string
    /** Whether the console can send a decision: its credentials may review, and nobody has decided in the console since `readAt`. */
    readonly reviewable: boolean
  }[]
}

interface DecidedReview {
  readonly at: string
  readonly environmentId: string
  readonly outcome: (typeof REVIEW_OUTCOMES)[number]
}

/** Whether a decision may still change what GitHub listed at `readAt`. A refused one does not. */
export const isDecidedSince = (readAt: string, environmentId: string, { at, ...review }: DecidedReview): boolean =>
  review.environmentId === environmentId && review.outcome !== 'refused' && Date.parse(at) >= Date.parse(readAt)
