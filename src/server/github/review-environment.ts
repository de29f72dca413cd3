import 'server-only'
import type { ReviewDecision } from '~/domain/deploy/environment-review'
import { answerOfError, answerOfResult, classifyAnswer, explainAnswer } from '~/server/github/answers'
import { type GitHub, ownerAndRepo } from '~/server/github/client'

const TIMEOUT_MS = 15_000

/** `refused`: GitHub did not take the decision. `unknown`: GitHub may have taken it. */
export type ReviewOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused' | 'unknown'; readonly reason: string }

/** Approves or rejects an environment that holds a run. Asks GitHub once, and never throws. */
export async function sendReview(
  github: GitHub,
  repository: string,
  review: {
    readonly runId: bigint
    readonly environmentId: number
    readonly decision: ReviewDecision
    readonly comment: string
  },
): Promise<ReviewOutcome> {
  // The id is part of the address: Octokit types run ids as numbers, which would round large ids.
  const address: string = `POST /repos/{owner}/{repo}/actions/runs/${review.runId}/pending_deployments`
  const body = { environment_ids: [review.environmentId], state: review.decision, comment: review.comment }
  const answer = await github
    .request(address, { ...ownerAndRepo(repository), ...body, request: { signal: AbortSignal.timeout(TIMEOUT_MS) } })
    .then(answerOfResult, answerOfError)
  const { kind } = classifyAnswer('review', answer)
  if (kind === 'accepted') return { kind }
  const reason = explainAnswer('review', answer, { repository })
  return { kind: kind === 'unknown' ? kind : 'refused', reason }
}
