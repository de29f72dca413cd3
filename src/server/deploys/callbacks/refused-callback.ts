import 'server-only'
import { type CallbackBody, isStrongEnough, type Reporter, speaksFor } from '~/domain/deploy/callback'
import { allowedFrom, isCallbackStatus, isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import type { LockedDeploy } from '~/server/deploys/deploys.sql'

/** Only the latest attempt moves a deploy: a late "failed" of an earlier attempt must not end it. */
export function isOfEarlierAttempt(found: LockedDeploy, { run_id, run_attempt }: CallbackBody): boolean {
  if (run_id == null || run_attempt == null || run_id !== found.githubRunId) return false
  return run_attempt < (found.githubRunAttempt ?? 0)
}

/** Only the run on record moves a deploy. A second run may carry the same deploy id. */
export function isOfAnotherRun(found: LockedDeploy, { run_id }: CallbackBody): boolean {
  return run_id != null && found.githubRunId !== null && run_id !== found.githubRunId
}

/** Once a run is on record, a callback must name that run: the shared secret alone does not prove which run is reporting. */
export function omitsRun(found: LockedDeploy, { run_id }: CallbackBody): boolean {
  return run_id == null && found.githubRunId !== null
}

/** What about the sender does not match the deploy, for the audit trail; null for a sender that may report. */
export function findReporterMismatch(found: LockedDeploy, reporter: Reporter, body: CallbackBody): string | null {
  if (!isStrongEnough(reporter.way, found.callbacks)) return `the surface requires ${found.callbacks}`
  if (!speaksFor(reporter, found.repository)) return 'repository'
  if (reporter.way !== 'oidc') return null
  const { run } = reporter
  if (found.repositoryId !== null && run.repository_id !== found.repositoryId) return 'repository_id'
  // Anybody who may push a branch can change the workflow file there, so only the declared ref counts.
  const file = `${run.repository}/.github/workflows/${found.workflow}`
  const refs = [`refs/heads/${found.workflowRef}`, `refs/tags/${found.workflowRef}`, found.workflowRef]
  if (!refs.some((ref) => run.workflow_ref === `${file}@${ref}`)) return 'workflow_ref'
  if (body.run_id != null && body.run_id !== run.run_id) return 'run_id'
  if (body.run_attempt != null && body.run_attempt !== run.run_attempt) return 'run_attempt'
  return null
}

/** If the sender proved itself with GitHub's token, its run replaces the run in the body. */
export function withRunOfToken(reporter: Reporter, body: CallbackBody): CallbackBody {
  if (reporter.way !== 'oidc') return body
  return { ...body, run_id: reporter.run.run_id, run_attempt: reporter.run.run_attempt }
}

/** The error for a refused callback: 422 with `from`, `to` and `allowed` (docs/contract.md, "Callback"). */
export function explainRefusedCallback(found: LockedDeploy, body: CallbackBody) {
  const { status: from, githubRunId, githubRunAttempt } = found
  const allowed = allowedFrom(from).filter(isCallbackStatus)
  const details = { from, to: body.status, allowed }
  if (!isCallbackStatus(body.status)) {
    const message = `A workflow cannot send the status "${body.status}". The deploy stays at ${from}, and the log line was kept. Send one of: ${allowed.join(', ')}.`
    return { allowed, error: new AppError('status_unknown', message, { details }) }
  }
  if (omitsRun(found, body) && !isTerminal(from)) {
    const message = `The callback does not name its run. The deploy stays at ${from}, and the log line was kept. Send run_id, as the notify action does.`
    return { allowed, error: new AppError('run_required', message, { details }) }
  }
  if (isOfAnotherRun(found, body) && !isTerminal(from)) {
    const message = `The callback names run ${body.run_id}, but the deploy belongs to run ${githubRunId}. The deploy stays at ${from}, and the log line was kept. Cancel the run that should not ship.`
    return { allowed, error: new AppError('run_mismatch', message, { details }) }
  }
  if (isOfEarlierAttempt(found, body) && !isTerminal(from)) {
    const message = `The callback is from attempt ${body.run_attempt} of the run, but the deploy follows attempt ${githubRunAttempt}. The deploy stays at ${from}, and the log line was kept. Nothing needs to be done.`
    return { allowed, error: new AppError('attempt_superseded', message, { details }) }
  }
  const message = `The deploy cannot go from ${from} to ${body.status}. The deploy stays at ${from}, and the log line was kept. GitHub's record of the run is read next.`
  return { allowed, error: new AppError('transition_refused', message, { details }) }
}
