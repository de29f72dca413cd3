import 'server-only'
import type { CallbackBody, Reporter } from '~/domain/deploy/callback'
import { type CallbackStatus, canTransition, isCallbackStatus, isTerminal, provesShipped } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { appendAuditEvent, appendAuditEventOnce } from '~/server/audit/append-audit'
import {
  explainRefusedCallback,
  findReporterMismatch,
  isOfAnotherRun,
  isOfEarlierAttempt,
  omitsRun,
  withRunOfToken,
} from '~/server/deploys/callbacks/refused-callback'
import { readDeployState } from '~/server/deploys/deploys'
import { advanceDeploy, keepReport, type LockedDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import { adoptRun, recordRunAttempt } from '~/server/deploys/runs/record-run'
import type { Deps } from '~/server/deps'
import { type DatabaseHandle, violatedUniqueIndex } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'

export interface VerifiedCallback {
  readonly deployId: string
  /** The verified `webhook-id`. A second callback with the same id is a repetition. */
  readonly webhookId: string
  readonly reporter: Reporter
  readonly body: CallbackBody
}

/** `applied: false`: the deploy already had this status, or the same callback was processed before. */
export interface CallbackAnswer {
  readonly applied: boolean
  readonly status: string
}

/** A run needs a few seconds to end after its last callback. */
const CONFIRM_MS = 3_000

const reconcileJob = (deployId: string) => ({ task: 'reconcile_deploy', payload: { deployId } }) as const

const ACTOR = 'workflow'

/**
 * Applies one verified callback in one transaction under the deploy's row lock: receipt, status, log line, audit row
 * (docs/contract.md, "Callback"). A refusal commits its log line and audit row before it is thrown.
 *
 * @throws AppError `deploy_unknown`, `reporter_refused`, `status_unknown`, `transition_refused`, `attempt_superseded`,
 *   `run_required`, `run_mismatch`
 */
export async function recordCallback(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  callback: VerifiedCallback,
): Promise<CallbackAnswer> {
  const at = deps.now()
  const result = await deps.db
    .$transaction((tx) => applyCallback(tx, callback, at))
    .catch((error: unknown) => answerReplay(deps, callback, error))
  if (result instanceof AppError) throw result
  if (result.applied) deps.logger.debug({ deployId: callback.deployId, status: result.status }, 'callback applied')
  return result
}

/** A replay violates the receipt's primary key, so its transaction was rolled back. */
async function answerReplay(
  { db }: Pick<Deps, 'db'>,
  { deployId }: VerifiedCallback,
  error: unknown,
): Promise<CallbackAnswer> {
  if (violatedUniqueIndex(error) !== ONE_RECEIPT_PER_WEBHOOK_ID) throw error
  const { status } = await readDeployState(db, deployId)
  return { applied: false, status }
}

async function applyCallback(
  tx: DatabaseHandle,
  verified: VerifiedCallback,
  at: Date,
): Promise<CallbackAnswer | AppError> {
  const callback = { ...verified, body: withRunOfToken(verified.reporter, verified.body) }
  const { deployId, webhookId, body } = callback
  const locked = await lockDeploy(tx, deployId)
  if (locked === null) throw new AppError('deploy_unknown', `There is no deploy ${deployId}. Nothing was changed.`)

  const mismatch = findReporterMismatch(locked, verified.reporter, verified.body)
  if (mismatch !== null) return refuseReporter(tx, locked, verified, { mismatch, at })

  // A callback that arrives before GitHub's answer proves that GitHub accepted the dispatch, even if its own status is refused.
  // So a `requested` deploy first becomes `dispatched`.
  const provesAcceptance = locked.status === 'requested' && isCallbackStatus(body.status)
  const found = provesAcceptance ? { ...locked, status: 'dispatched' } : locked
  const verdict = judge(found, body)
  await insertReceipt(tx, { webhookId, deployId, status: body.status, outcome: verdict.outcome, receivedAt: at })
  if (provesAcceptance) await recordAcceptance(tx, found, callback, at)
  // A refused callback keeps its log line and commit too, but the commit of another run is not kept.
  const sha = isOfAnotherRun(found, body) || omitsRun(found, body) ? null : (body.deployed_sha ?? null)
  const moved = verdict.outcome === 'applied'
  await keepReport(tx, deployId, { at, logLine: body.log_line || null, moved, sha })
  if (sha !== null) await recordOtherCommit(tx, found, { deployId, sha, at })
  return settle(tx, found, verdict, callback, at)
}

async function settle(
  tx: DatabaseHandle,
  found: LockedDeploy,
  verdict: Verdict,
  callback: VerifiedCallback,
  at: Date,
): Promise<CallbackAnswer | AppError> {
  const { deployId, body } = callback
  await recordRun(tx, found, callback, at)
  if (verdict.outcome === 'repeated') return { applied: false, status: found.status }
  if (verdict.outcome === 'refused') return refuse(tx, found, callback, at)

  const { status } = verdict
  const moved = await advanceDeploy(tx, {
    deployId,
    surfaceId: found.surfaceId,
    to: status,
    actor: ACTOR,
    at,
    failureStage: body.failure_stage ?? null,
    ...(status === 'failed' && body.log_line ? { failureDetail: body.log_line } : {}),
    ...(provesShipped(status) ? { shipped: 'yes' } : {}),
    event: { action: 'console.deploy.callback', status, payload: payloadOf(found, callback) },
  })
  if (!moved) throw new Error(`the status of deploy ${deployId} changed although this transaction holds the row lock`)
  // The reconciler compares the reported end with GitHub's record of the run.
  if (isTerminal(status)) await addJob(tx, reconcileJob(deployId), { runAt: new Date(at.getTime() + CONFIRM_MS) })
  return { applied: true, status }
}

type Verdict =
  | { readonly outcome: 'applied'; readonly status: CallbackStatus }
  | { readonly outcome: 'repeated' }
  | { readonly outcome: 'refused' }

function judge(found: LockedDeploy, body: CallbackBody): Verdict {
  const { status } = body
  if (!isCallbackStatus(status)) return { outcome: 'refused' }
  if (found.status === status) return { outcome: 'repeated' }
  if (omitsRun(found, body) || isOfAnotherRun(found, body) || isOfEarlierAttempt(found, body))
    return { outcome: 'refused' }
  return canTransition(found.status, status) ? { outcome: 'applied', status } : { outcome: 'refused' }
}

async function recordAcceptance(tx: DatabaseHandle, found: LockedDeploy, callback: VerifiedCallback, at: Date) {
  const runId = callback.body.run_id?.toString() ?? null
  await advanceDeploy(tx, {
    deployId: callback.deployId,
    surfaceId: found.surfaceId,
    to: 'dispatched',
    actor: ACTOR,
    at,
    event: {
      action: 'console.deploy.dispatched',
      status: 'dispatched',
      payload: { source: 'callback', run_id: runId },
    },
  })
}

async function recordRun(tx: DatabaseHandle, found: LockedDeploy, callback: VerifiedCallback, at: Date) {
  const { deployId, body } = callback
  if (body.run_id == null) return
  if (body.run_attempt != null && (found.githubRunId ?? body.run_id) === body.run_id) {
    const attempt = { runId: body.run_id, attempt: body.run_attempt, source: 'callback', actor: ACTOR, at } as const
    await recordRunAttempt(tx, { ...found, id: deployId }, attempt)
  }
  if (body.run_id === found.githubRunId) return
  const seen = { runId: body.run_id, attempt: body.run_attempt ?? 1, source: 'callback', actor: ACTOR, at } as const
  if (await adoptRun(tx, { ...found, id: deployId }, seen)) return
  if (found.githubRunId === null) return
  const subject = { actor: ACTOR, at, deployId, surfaceId: found.surfaceId }
  await appendAuditEvent(tx, subject, {
    action: 'console.deploy.run_mismatch',
    status: null,
    payload: { run_id: found.githubRunId.toString(), reported_run_id: body.run_id.toString() },
  })
}

/** Raises an alarm, once per commit, when the workflow deploys another commit than the reviewed one. */
async function recordOtherCommit(
  tx: DatabaseHandle,
  found: LockedDeploy,
  reported: { readonly deployId: string; readonly sha: string; readonly at: Date },
) {
  const { deployId, sha, at } = reported
  if (found.sha === null || found.sha === sha) return
  const subject = { actor: ACTOR, at, deployId, surfaceId: found.surfaceId }
  const payload = { sha: found.sha, reported_sha: sha }
  await appendAuditEventOnce(tx, subject, { action: 'console.deploy.other_commit_reported', status: null, payload })
}

async function refuse(tx: DatabaseHandle, found: LockedDeploy, callback: VerifiedCallback, at: Date) {
  const { deployId, body } = callback
  const { error, allowed } = explainRefusedCallback(found, body)
  await appendAuditEvent(
    tx,
    { actor: ACTOR, at, deployId, surfaceId: found.surfaceId },
    {
      action: 'console.deploy.callback_rejected',
      status: body.status,
      payload: { ...payloadOf(found, callback), allowed, reason: error.code },
    },
  )
  // An earlier callback may be lost, or the run may go on after its deploy ended. GitHub's record decides, so it is read at once.
  if (isCallbackStatus(body.status)) await addJob(tx, reconcileJob(deployId))
  return error
}

/** Refuses a verified sender that may not report about this deploy. Only the audit row is kept. */
async function refuseReporter(
  tx: DatabaseHandle,
  found: LockedDeploy,
  callback: VerifiedCallback,
  { mismatch, at }: { readonly mismatch: string; readonly at: Date },
) {
  const { deployId, body } = callback
  const error = new AppError(
    'reporter_refused',
    'The sender may not report about this deploy. Nothing of the callback was kept. Compare the repository, workflow and secret of this run with surfaces.yaml.',
  )
  const payload = { ...payloadOf(found, callback), allowed: [], reason: error.code, mismatch }
  await appendAuditEvent(
    tx,
    { actor: ACTOR, at, deployId, surfaceId: found.surfaceId },
    { action: 'console.deploy.callback_rejected', status: body.status, payload },
  )
  return error
}

function payloadOf(found: LockedDeploy, { webhookId, reporter, body }: VerifiedCallback) {
  return {
    webhook_id: webhookId,
    way: reporter.way,
    from: found.status,
    ...(body.failure_stage ? { failure_stage: body.failure_stage } : {}),
    ...(body.run_id == null ? {} : { run_id: body.run_id.toString() }),
    ...(body.run_attempt == null ? {} : { run_attempt: body.run_attempt }),
    ...(body.deployed_sha ? { deployed_sha: body.deployed_sha } : {}),
  }
}

/** The constraint that a `webhook-id` violates when it was processed before. */
const ONE_RECEIPT_PER_WEBHOOK_ID = 'callback_receipts_pkey'

/** Stores the `webhook-id`. The id is unique across all deploys, so a callback cannot be replayed at another deploy's address. */
async function insertReceipt(
  tx: DatabaseHandle,
  receipt: {
    readonly webhookId: string
    readonly deployId: string
    readonly status: string
    readonly outcome: 'applied' | 'repeated' | 'refused'
    readonly receivedAt: Date
  },
): Promise<void> {
  // Not `createMany` with `skipDuplicates`: Prisma compiles that query anew each time (docs/performance.md).
  await tx.callbackReceipt.create({ data: receipt, select: { webhookId: true } })
}
