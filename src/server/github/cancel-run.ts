import 'server-only'
import {
  answerOfError,
  answerOfResult,
  classifyAnswer,
  explainAnswer,
  type GitHubAnswer,
} from '~/server/github/answers'
import { type GitHub, ownerAndRepo } from '~/server/github/client'

const TIMEOUT_MS = 8_000

/** `acknowledged`: GitHub answered 202. The run goes on until its steps have stopped. */
export type CancelOutcome =
  | { readonly kind: 'acknowledged' }
  /** 409: the run had already ended. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'refused'; readonly httpStatus: number; readonly reason: string }
  /** Not known to be accepted. GitHub is asked again after the rate limit, or soon if `until` is null. */
  | { readonly kind: 'later'; readonly until: Date | null; readonly reason: string }

/** Asks GitHub to cancel a run. Never throws. A repetition is harmless, so an unknown outcome may be retried. */
export async function cancelRun(github: GitHub, repository: string, runId: bigint): Promise<CancelOutcome> {
  // The id is part of the address: Octokit types run ids as numbers, which would round large ids.
  const address: string = `POST /repos/{owner}/{repo}/actions/runs/${runId}/cancel`
  const answer = await github
    .request(address, { ...ownerAndRepo(repository), request: { signal: AbortSignal.timeout(TIMEOUT_MS) } })
    .then(answerOfResult, answerOfError)
  return outcomeOf(answer, repository)
}

function outcomeOf(answer: GitHubAnswer, repository: string): CancelOutcome {
  const outcome = classifyAnswer('cancel', answer)
  const reason = explainAnswer('cancel', answer, { repository })
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'acknowledged' }
    case 'ended':
      return { kind: 'ended' }
    case 'later':
      return { kind: 'later', until: outcome.until, reason }
    case 'unknown':
      return { kind: 'later', until: null, reason }
    default:
      return { kind: 'refused', httpStatus: answer.status ?? 0, reason }
  }
}
