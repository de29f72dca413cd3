import 'server-only'
import { z } from 'zod'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { explainRefusal } from '~/server/github/explain-refusal'
import { asGitHubError, isTokenRequest } from '~/server/github/github-error'
import { runIdSchema } from '~/server/github/workflow-runs'

/** Contract.md, "Dispatch": the call is sent once and waits no longer than this. */
const DISPATCH_TIMEOUT_MS = 15_000

/** Contract.md, "Dispatch": the answers that mean GitHub did not start a run. */
const REFUSALS = new Set([400, 401, 403, 404, 422, 429])

export interface DispatchRequest {
  readonly repository: string
  readonly workflow: string
  /** The branch or tag the workflow file is taken from. */
  readonly ref: string
  readonly inputs: Readonly<Record<string, string>>
}

/** Three outcomes, never two: after `unknown` there may or may not be a run. */
export type DispatchOutcome =
  | { readonly kind: 'accepted'; readonly runId: bigint | null }
  | { readonly kind: 'refused'; readonly httpStatus: number; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

/** Version 2026-03-10 answers 200 with the run; 2022-11-28 does when asked to, else 204 without a body. */
const acceptedAnswer = z.object({ workflow_run_id: runIdSchema })

/** Asks GitHub, once, to run a workflow. Never throws: whatever happens is one of the three outcomes. */
export async function dispatchWorkflow(github: GitHub, request: DispatchRequest): Promise<DispatchOutcome> {
  try {
    const response = await github.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', {
      ...ownerAndRepo(request.repository),
      workflow_id: request.workflow,
      ref: request.ref,
      inputs: { ...request.inputs },
      request: { signal: AbortSignal.timeout(DISPATCH_TIMEOUT_MS) },
    })
    const answer = acceptedAnswer.safeParse(response.data)
    return { kind: 'accepted', runId: answer.success ? answer.data.workflow_run_id : null }
  } catch (error) {
    return outcomeOf(error, request)
  }
}

function outcomeOf(error: unknown, request: DispatchRequest): DispatchOutcome {
  // Only what GitHub documents as a no is one. A lost connection (Octokit calls it 500), a 5xx or some other status that
  // a proxy made up proves nothing about what GitHub did.
  const answer = asGitHubError(error)
  // Without a token for the App, the dispatch was never sent.
  if (answer !== null && (isTokenRequest(answer) || REFUSALS.has(answer.status))) {
    return { kind: 'refused', httpStatus: answer.status, reason: explainRefusal(answer, request) }
  }
  const detail = answer?.response === undefined ? 'no answer' : `HTTP ${answer.status}`
  return { kind: 'unknown', reason: `GitHub gave no usable answer to the dispatch (${detail}).` }
}
