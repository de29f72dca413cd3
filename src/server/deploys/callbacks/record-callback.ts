import 'server-only'
import type { CallbackBody, Reporter } from '~/domain/deploy/callback'
import { type CallbackStatus, canTransition, isCallbackStatus, isTerminal, provesShipped } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { appendAuditEvent, appendAuditEventOnce } from '~/server/audit/append-audit'
import {
  explainRefusedCallback,
  isOfAnotherRun,
  isOfEarlierAttempt,
  lacksRun,
  mismatchOf,
  withRunOf,
} from '~/server/deploys/callbacks/refused-callback'
import { readStanding } from '~/server/deploys/deploys'
import { advanceDeploy, keepReport, type LockedDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import { adoptRun } from '~/server/deploys/runs/adopt-run'
import { noteRunAttempt } from '~/server/deploys/runs/note-run-attempt'
import type { Deps } from '~/server/deps'
import { type DatabaseHandle, violatedUniqueIndex } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'

export interface VerifiedCallback {
  readonly deployId: string
  /** The `webhook-id` whose signature held; the same one again is answered as a repetition. */
  readonly webhookId: string
  readonly reporter: Reporter
  readonly body: CallbackBody
}

/** `applied: false`: the deploy stood there already, or this very callback was processed before. */
export interface CallbackAnswer {
  readonly applied: boolean
  readonly status: string
}

/** What a run does after its last callback takes a few seconds. */
const CONFIRM_MS = 3_000

const reconcile = (deployId: string) => ({ task: 'reconcile_deploy', payload: { deployId } }) as const

/** The workflow is the actor of what its signed callbacks cause. */
const ACTOR = 'workflow'

/**
 * Takes in one verified callback, in one transaction under the deploy's row lock: replay record, status by
 * compare-and-set, log line, audit (docs/contract.md, "Callback"). A refusal is committed too — its log line and its
 * audit row are kept — and then thrown.
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
    .$transaction((tx) => takeIn(tx, callback, at))
    .catch((error: unknown) => answerReplay(deps, callback, error))
  if (result instanceof AppError) throw result
  if (result.applied) deps.logger.debug({ deployId: callback.deployId, status: result.status }, 'callback applied')
  return result
}

/** The receipt of a replay is there already, so its transaction was rolled back. */
async function answerReplay(
  { db }: Pick<Deps, 'db'>,
  { deployId }: VerifiedCallback,
  error: unknown,
): Promise<CallbackAnswer> {
  if (violatedUniqueIndex(error) !== ONE_RECEIPT_PER_WEBHOOK_ID) throw error
  const { status } = await readStanding(db, deployId)
  return { applied: false, status }
}

async function takeIn(tx: DatabaseHandle, verified: VerifiedCallback, at: Date): Promise<CallbackAnswer | AppError> {
  const callback = { ...verified, body: withRunOf(verified.reporter, verified.body) }
  const { deployId, webhookId, body } = callback
  const locked = await lockDeploy(tx, deployId)
  if (locked === null) throw new AppError('deploy_unknown', `There is no deploy ${deployId}. Nothing was changed.`)

  const mismatch = mismatchOf(locked, verified.reporter, verified.body)
  if (mismatch !== null) return refuseReporter(tx, locked, verified, { mismatch, at })

  // A callback can be here before GitHub's answer to the dispatch is. It proves the acceptance, whatever becomes of
  // the status it reports: a `requested` deploy is taken through `dispatched` first, and judged from there.
  const provesAcceptance = locked.status === 'requested' && isCallbackStatus(body.status)
  const found = provesAcceptance ? { ...locked, status: 'dispatched' } : locked
  const outcome = outcomeOf(found, body)
  await insertReceipt(tx, { webhookId, deployId, status: body.status, outcome, receivedAt: at })
  if (provesAcceptance) await proveAccepted(tx, found, callback, at)
  // Whatever the verdict on the status: the log line and the commit it reports are facts worth keeping; another run's
  // commit is not.
  const sha = isOfAnotherRun(found, body) || lacksRun(found, body) ? null : (body.deployed_sha ?? null)
  await keepReport(tx, deployId, { at, logLine: body.log_line || null, moved: outcome === 'applied', sha })
  if (sha !== null) await noteOtherCommit(tx, found, { deployId, sha, at })
  return settle(tx, found, outcome, callback, at)
}

async function settle(
  tx: DatabaseHandle,
  found: LockedDeploy,
  outcome: Outcome,
  callback: VerifiedCallback,
  at: Date,
): Promise<CallbackAnswer | AppError> {
  const { deployId, body } = callback
  await noteRun(tx, found, callback, at)
  if (outcome === 'repeated') return { applied: false, status: found.status }
  if (outcome === 'refused') return refuse(tx, found, callback, at)

  const status = body.status as CallbackStatus
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
  if (!moved) throw new Error(`deploy ${deployId} moved under its own lock`)
  // The workflow has said how it ended; GitHub's own record of the run is read beside that, shortly after.
  if (isTerminal(status)) await addJob(tx, reconcile(deployId), { runAt: new Date(at.getTime() + CONFIRM_MS) })
  return { applied: true, status }
}

type Outcome = 'applied' | 'repeated' | 'refused'

function outcomeOf(found: LockedDeploy, body: CallbackBody): Outcome {
  if (!isCallbackStatus(body.status)) return 'refused'
  if (found.status === body.status) return 'repeated'
  if (lacksRun(found, body) || isOfAnotherRun(found, body) || isOfEarlierAttempt(found, body)) return 'refused'
  return canTransition(found.status, body.status) ? 'applied' : 'refused'
}

async function proveAccepted(tx: DatabaseHandle, found: LockedDeploy, callback: VerifiedCallback, at: Date) {
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

async function noteRun(tx: DatabaseHandle, found: LockedDeploy, callback: VerifiedCallback, at: Date) {
  const { deployId, body } = callback
  if (body.run_id == null) return
  if (body.run_attempt != null && (found.githubRunId ?? body.run_id) === body.run_id) {
    const attempt = { runId: body.run_id, attempt: body.run_attempt, source: 'callback', actor: ACTOR, at } as const
    await noteRunAttempt(tx, { ...found, id: deployId }, attempt)
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

/** What was reviewed is not what was shipped: an alarm, once for each commit, whatever becomes of the status. */
async function noteOtherCommit(
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
  // It may be ahead of the graph because an earlier one was lost, or of a run that goes on although its deploy has ended:
  // GitHub's own record is read at once. The job is committed with the refusal, so not even a crash right here loses it.
  if (isCallbackStatus(body.status)) await addJob(tx, reconcile(deployId))
  return error
}

/** The sender proved who it is, and may not report about this deploy: audited, and nothing else of it is kept. */
async function refuseReporter(
  tx: DatabaseHandle,
  found: LockedDeploy,
  callback: VerifiedCallback,
  { mismatch, at }: { readonly mismatch: string; readonly at: Date },
) {
  const { deployId, body } = callback
  const error = new AppError(
    'reporter_refused',
    'The sender is known and may not report about this deploy. Nothing was changed or kept of it. Check the repository, the workflow and the secret of this run against surfaces.yaml.',
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

/** Violated by a `webhook-id` that was processed before. */
const ONE_RECEIPT_PER_WEBHOOK_ID = 'callback_receipts_pkey'

/**
 * Records that a `webhook-id` is being processed. The id is unique across all deploys, so a captured callback cannot be
 * replayed against another deploy's address either.
 */
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
  // `createMany` could leave a replay out, but Prisma compiles it anew each time (docs/performance.md).
  await tx.callbackReceipt.create({ data: receipt, select: { webhookId: true } })
}
