import 'server-only'
import { z } from 'zod'
import { answerOfError, answerOfResult, classifyAnswer, explainAnswer } from '~/server/github/answers'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { runIdSchema } from '~/server/github/workflow-runs'

/** The request is sent once and waits no longer than this (docs/contract.md, "Dispatch"). */
const DISPATCH_TIMEOUT_MS = 15_000

export interface DispatchRequest {
  readonly repository: string
  readonly workflow: string
  /** The branch or tag that the workflow file comes from. */
  readonly ref: string
  readonly inputs: Readonly<Record<string, string>>
}

/** `unknown`: GitHub may or may not have started a run. */
export type DispatchOutcome =
  | { readonly kind: 'accepted'; readonly runId: bigint | null }
  | { readonly kind: 'refused'; readonly httpStatus: number; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

/** API version 2026-03-10 answers 200 with the run; version 2022-11-28 answers 204 without a body. */
const acceptedAnswer = z.object({ workflow_run_id: runIdSchema })

/** Asks GitHub once to run a workflow. Never throws: every failure is one of the three outcomes. */
export async function dispatchWorkflow(github: GitHub, request: DispatchRequest): Promise<DispatchOutcome> {
  const answer = await github
    .request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', {
      ...ownerAndRepo(request.repository),
      workflow_id: request.workflow,
      ref: request.ref,
      inputs: { ...request.inputs },
      request: { signal: AbortSignal.timeout(DISPATCH_TIMEOUT_MS) },
    })
    .then(answerOfResult, answerOfError)
  const reason = () => explainAnswer('dispatch', answer, request)
  switch (classifyAnswer('dispatch', answer).kind) {
    case 'accepted':
      return { kind: 'accepted', runId: acceptedAnswer.safeParse(answer.data).data?.workflow_run_id ?? null }
    case 'unknown':
    case 'ended':
      return { kind: 'unknown', reason: reason() }
    default:
      return { kind: 'refused', httpStatus: answer.status ?? 0, reason: reason() }
  }
}
