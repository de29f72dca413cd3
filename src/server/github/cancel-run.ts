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

/** `acknowledged` is a promise, not an end: GitHub answers 202 and the run goes on until its steps have stopped. */
export type CancelOutcome =
  | { readonly kind: 'acknowledged' }
  /** 409: the run had ended before. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'refused'; readonly httpStatus: number; readonly reason: string }
  /** Not known to be taken. GitHub is asked again: when a rate limit is over, else soon (`until` is null then). */
  | { readonly kind: 'later'; readonly until: Date | null; readonly reason: string }

/** Asks GitHub to cancel a run. Asking again is harmless, so what is unknown may be asked again. Never throws. */
export async function cancelRun(github: GitHub, repository: string, runId: bigint): Promise<CancelOutcome> {
  // The id goes into the address itself: Octokit's types know run ids as numbers only, which would round large ones.
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
