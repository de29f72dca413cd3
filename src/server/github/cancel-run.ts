import 'server-only'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { explainRefusal } from '~/server/github/explain-refusal'
import { asGitHubError, isRefusal } from '~/server/github/github-error'

const TIMEOUT_MS = 8_000

/** `acknowledged` is a promise, not an end: GitHub answers 202 and the run goes on until its steps have stopped. */
export type CancelOutcome =
  | { readonly kind: 'acknowledged' }
  /** 409: the run had ended before. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'refused'; readonly httpStatus: number; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

/** Asks GitHub to cancel a run. Asking again is harmless, so what is unknown may be asked again. Never throws. */
export async function cancelRun(github: GitHub, repository: string, runId: bigint): Promise<CancelOutcome> {
  // The id goes into the address itself: Octokit's types know run ids as numbers only, which would round large ones.
  const address: string = `POST /repos/{owner}/{repo}/actions/runs/${runId}/cancel`
  try {
    await github.request(address, {
      ...ownerAndRepo(repository),
      request: { signal: AbortSignal.timeout(TIMEOUT_MS) },
    })
    return { kind: 'acknowledged' }
  } catch (error) {
    const answer = asGitHubError(error)
    if (answer?.status === 409) return { kind: 'ended' }
    // A 404 may be a run too young to be seen; a rate limit ends.
    const later = answer === null || !isRefusal(answer) || [404, 408, 429].includes(answer.status)
    if (later) return { kind: 'unknown', reason: `no usable answer (${answer?.status ?? 'none'})` }
    return { kind: 'refused', httpStatus: answer.status, reason: explainRefusal(answer, { repository }) }
  }
}
