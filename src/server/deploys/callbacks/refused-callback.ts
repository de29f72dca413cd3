import 'server-only'
import { type CallbackBody, isStrongEnough, type Reporter, speaksFor } from '~/domain/deploy/callback'
import { allowedFrom, isCallbackStatus, isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import type { LockedDeploy } from '~/server/deploys/deploys.sql'

/**
 * A run that was run again is told by its latest attempt alone: a late "failed" of the attempt before must not end a deploy
 * that goes on. What it says of jobs that were not run again, GitHub's record of the latest attempt says too.
 */
export function isOfEarlierAttempt(found: LockedDeploy, { run_id, run_attempt }: CallbackBody): boolean {
  if (run_id == null || run_attempt == null || run_id !== found.githubRunId) return false
  return run_attempt < (found.githubRunAttempt ?? 0)
}

/** A second run that carries the deploy's id: the deploy follows the one on record, and only that one moves it. */
export function isOfAnotherRun(found: LockedDeploy, { run_id }: CallbackBody): boolean {
  return run_id != null && found.githubRunId !== null && run_id !== found.githubRunId
}

/** Whoever holds the secret can name a deploy. Only its run knows the run, once that is on record. */
export function lacksRun(found: LockedDeploy, { run_id }: CallbackBody): boolean {
  return run_id == null && found.githubRunId !== null
}

/** What of the sender does not fit the deploy, for the audit trail; null for a sender who may report. */
export function mismatchOf(found: LockedDeploy, reporter: Reporter, body: CallbackBody): string | null {
  if (!isStrongEnough(reporter.way, found.callbacks)) return `the surface demands ${found.callbacks}`
  if (!speaksFor(reporter, found.repository)) return 'repository'
  if (reporter.way !== 'oidc') return null
  const { run } = reporter
  if (found.repositoryId !== null && run.repository_id !== found.repositoryId) return 'repository_id'
  // The file as it is on another branch is another workflow: whoever may push a branch may change what it reports.
  const file = `${run.repository}/.github/workflows/${found.workflow}`
  const refs = [`refs/heads/${found.workflowRef}`, `refs/tags/${found.workflowRef}`, found.workflowRef]
  if (!refs.some((ref) => run.workflow_ref === `${file}@${ref}`)) return 'workflow_ref'
  if (body.run_id != null && body.run_id !== run.run_id) return 'run_id'
  if (body.run_attempt != null && body.run_attempt !== run.run_attempt) return 'run_attempt'
  return null
}

/** What a callback says of its run: GitHub's token, where there is one, says it for the body. */
export function withRunOf(reporter: Reporter, body: CallbackBody): CallbackBody {
  if (reporter.way !== 'oidc') return body
  return { ...body, run_id: reporter.run.run_id, run_attempt: reporter.run.run_attempt }
}

/** Why a callback is refused, for who sent it: 422 with from, to and what is allowed (docs/contract.md, "Callback"). */
export function explainRefusedCallback(found: LockedDeploy, body: CallbackBody) {
  const { status: from, githubRunId, githubRunAttempt } = found
  const allowed = allowedFrom(from).filter(isCallbackStatus)
  const details = { from, to: body.status, allowed }
  if (!isCallbackStatus(body.status)) {
    const message = `"${body.status}" is no status a workflow can send. The log line was kept.`
    return { allowed, error: new AppError('status_unknown', message, { details }) }
  }
  if (lacksRun(found, body) && !isTerminal(from)) {
    const message = `The callback does not say which run it is of. The deploy stays at ${from}; the log line was kept. Send run_id, as the notify action does.`
    return { allowed, error: new AppError('run_required', message, { details }) }
  }
  if (isOfAnotherRun(found, body) && !isTerminal(from)) {
    const message = `The callback is of run ${body.run_id}, and the deploy belongs to run ${githubRunId}. It stays at ${from}; the log line was kept.`
    return { allowed, error: new AppError('run_mismatch', message, { details }) }
  }
  if (isOfEarlierAttempt(found, body) && !isTerminal(from)) {
    const message = `The callback is of attempt ${body.run_attempt} of the run, and the deploy goes on with attempt ${githubRunAttempt}. It stays at ${from}; the log line was kept.`
    return { allowed, error: new AppError('attempt_superseded', message, { details }) }
  }
  const message = `The deploy stands at ${from} and cannot become ${body.status}. The log line was kept.`
  return { allowed, error: new AppError('transition_refused', message, { details }) }
}
