import 'server-only'
import { EVIDENCE_VERSION, type EvidenceContent, type EvidenceFile, type SealedRow } from '~/domain/audit/evidence-file'
import { failedLog } from '~/domain/deploy/failed-log'
import { storedInputs } from '~/domain/deploy/inputs'
import { keptJobs } from '~/domain/deploy/run-jobs'
import { isTerminal } from '~/domain/deploy/status'
import type { LogLine } from '~/domain/deploy/view'
import { AppError } from '~/domain/errors'
import { appendAuditEventOnce } from '~/server/audit/append-audit'
import { readAuditRecords, readSealsOf } from '~/server/audit/audit-seals.sql'
import { sealRows } from '~/server/audit/seal-audit'
import { sealRecord } from '~/server/audit/seal-record'
import { EVIDENCE_ACTION, evidenceDigest } from '~/server/audit/verify-evidence'
import { countEndedDeploys } from '~/server/deploys/count-ended-deploys'
import { watchSelect } from '~/server/deploys/deploy-watch'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import { readLogLines } from '~/server/deploys/read/log-lines'
import type { Deps } from '~/server/deps'
import { runUrl } from '~/server/github/web-urls'
import type { Prisma } from '~/server/platform/generated/client.ts'

/** A deploy has one or two dozen rows. Refused callbacks may add many more: then the first and the last ones are written. */
const FIRST_ROWS = 1_000
const LAST_ROWS = 4_000
const LINES_AT_MOST = 20_000
const LINES_AT_ONCE = 1_000
const LOG_BYTES_AT_MOST = 4 * 1024 * 1024

/**
 * Writes what the console knows of an ended deploy, and seals it: a row of the trail holds the SHA-256 of the content. The same
 * content is sealed once. Throws `deploy_unknown` and `deploy_unfinished`.
 */
export async function writeEvidence(deps: Deps, actor: string, id: string): Promise<EvidenceFile> {
  const stored = await deps.db.deploy.findUnique({ where: { id }, select: evidenceSelect })
  if (stored === null) throw new AppError('deploy_unknown', `There is no deploy ${id}. Check the id.`)
  if (!isTerminal(stored.status)) {
    const detail =
      'The deploy has not ended, so its evidence would be incomplete. No file was written. Try again once it has ended.'
    throw new AppError('deploy_unfinished', detail)
  }
  const content = await readContent(deps, stored)
  const event = { action: EVIDENCE_ACTION, status: null, payload: { content_sha256: evidenceDigest(content) } } as const
  await deps.db.$transaction(async (tx) => {
    await lockDeploy(tx, id)
    await appendAuditEventOnce(tx, { actor, at: deps.now(), deployId: id, surfaceId: stored.surfaceId }, event)
  })
  const row = await deps.db.auditEvent.findFirstOrThrow({
    where: { deployId: id, action: event.action, payload: { equals: event.payload } },
    select: { id: true },
  })
  const [seal] = await sealedRows(deps, [row.id])
  if (seal === undefined) {
    const detail = 'The audit trail could not be sealed in time. No file was written. Try again in a few seconds.'
    throw new AppError('database_unavailable', detail)
  }
  return { kind: 'deploy-console-evidence', version: EVIDENCE_VERSION, content, seal }
}

const evidenceSelect = {
  id: true,
  surfaceId: true,
  environment: true,
  repository: true,
  repositoryId: true,
  workflow: true,
  workflowRef: true,
  ref: true,
  sha: true,
  kind: true,
  sourceId: true,
  reason: true,
  overrideReason: true,
  overriddenFreezeIds: true,
  inputs: true,
  checklist: true,
  callbacks: true,
  status: true,
  shipped: true,
  failureStage: true,
  failureDetail: true,
  requestedBy: true,
  requestedAt: true,
  finishedAt: true,
  approvedBy: true,
  githubRunId: true,
  githubRunAttempt: true,
  runRecord: true,
  lateRunId: true,
  cancelRequestedBy: true,
  cancelRequestedAt: true,
  releasedBy: true,
  releasedAt: true,
  releaseReason: true,
  logCount: true,
  logDeletedAt: true,
  attempts: {
    orderBy: { attempt: 'asc' },
    select: { attempt: true, runId: true, jobs: true, seenAt: true, failedLog: true },
  },
  watch: { select: watchSelect },
  approval: {
    select: {
      id: true,
      requestedBy: true,
      requestedAt: true,
      reason: true,
      overrideReason: true,
      decidedBy: true,
      decidedAt: true,
      sha: true,
      checklist: true,
      reviewedRunningSha: true,
    },
  },
} satisfies Prisma.DeploySelect
type StoredDeploy = Prisma.DeployGetPayload<{ select: typeof evidenceSelect }>

const isoTime = (at: Date | null): string | null => at?.toISOString() ?? null
const digits = (id: bigint | null): string | null => id?.toString() ?? null

/** Only the deploy's own columns: what the surface is called today would change the content, and is no evidence. */
async function readContent(deps: Deps, stored: StoredDeploy): Promise<EvidenceContent> {
  const { id, githubRunId, repository, approval } = stored
  const ids = await readRowIds(deps, stored)
  const rows = await sealedRows(deps, ids.kept)
  const log = await readLog(deps, id)
  return {
    deploy: {
      id,
      surface: stored.surfaceId,
      environment: stored.environment,
      repository,
      repository_id: digits(stored.repositoryId),
      workflow: stored.workflow,
      workflow_ref: stored.workflowRef,
      ref: stored.ref,
      sha: stored.sha,
      kind: stored.kind,
      source_id: stored.sourceId,
      reason: stored.reason,
      override_reason: stored.overrideReason,
      overridden_freeze_ids: stored.overriddenFreezeIds,
      inputs: Object.entries(storedInputs.parse(stored.inputs) ?? {}).map(([name, value]) => ({ name, value })),
      checklist: stored.checklist,
      callbacks: stored.callbacks,
      status: stored.status,
      shipped: stored.shipped,
      failure_stage: stored.failureStage,
      failure_detail: stored.failureDetail,
      requested_by: stored.requestedBy,
      requested_at: isoTime(stored.requestedAt),
      finished_at: isoTime(stored.finishedAt),
      approved_by: stored.approvedBy,
      run_id: digits(githubRunId),
      run_attempt: stored.githubRunAttempt,
      run_url: githubRunId === null ? null : runUrl(deps.config.githubApiUrl, repository, githubRunId),
      run_record: stored.runRecord,
      late_run_id: digits(stored.lateRunId),
      cancel_requested_by: stored.cancelRequestedBy,
      cancel_requested_at: isoTime(stored.cancelRequestedAt),
      released_by: stored.releasedBy,
      released_at: isoTime(stored.releasedAt),
      release_reason: stored.releaseReason,
    },
    approval:
      approval === null
        ? null
        : {
            id: approval.id,
            requested_by: approval.requestedBy,
            requested_at: isoTime(approval.requestedAt),
            reason: approval.reason,
            override_reason: approval.overrideReason,
            sha: approval.sha,
            checklist: approval.checklist,
            reviewed_running_sha: approval.reviewedRunningSha,
            decided_by: approval.decidedBy,
            decided_at: isoTime(approval.decidedAt),
          },
    watch: watchEvidence(stored.watch),
    attempts: stored.attempts.map(({ attempt, runId, jobs, seenAt, failedLog: failed }) => ({
      attempt,
      run_id: digits(runId),
      seen_at: isoTime(seenAt),
      jobs: keptJobs.safeParse(jobs).data ?? null,
      failed_log: failedLog.safeParse(failed).data ?? null,
    })),
    log: { count: stored.logCount, deleted_at: isoTime(stored.logDeletedAt), lines: log.lines },
    rows,
    kept_out: [
      {
        what: 'GitHub’s own logs, and the code of the commit',
        why: 'They are GitHub’s. The file names the run, its jobs and the commit.',
      },
      {
        what: 'Rows of other deploys',
        why: 'They are not about this deploy. So the file alone shows links only between neighbouring rows.',
      },
      { what: 'Rows about earlier evidence files of this deploy', why: 'Each of them would change the next file.' },
      ...(ids.more === 0
        ? []
        : [
            {
              what: `${ids.more} rows`,
              why: `Only the first ${FIRST_ROWS} and the last ${LAST_ROWS} rows are written.`,
            },
          ]),
      ...(rows.length === ids.kept.length
        ? []
        : [{ what: `${ids.kept.length - rows.length} rows`, why: 'They are not sealed yet.' }]),
      ...(log.older === 0
        ? []
        : [{ what: `The ${log.older} oldest log lines`, why: 'The log is longer than a file holds.' }]),
      ...(stored.logDeletedAt === null ? [] : [{ what: 'The log', why: 'It was deleted because of its age.' }]),
    ],
  }
}

/** Null if its surface declared no rollback. The probes are in the rows. */
function watchEvidence(watch: StoredDeploy['watch']) {
  if (watch === null) return null
  return {
    mode: watch.mode,
    minutes: watch.minutes,
    declaration: watch.declaration,
    state: watch.state,
    healthy_at: isoTime(watch.healthyAt),
    until: isoTime(watch.until),
    turned_at: isoTime(watch.turnedAt),
    detail: watch.detail,
    target_id: watch.targetId,
    target_sha: watch.targetSha,
    target_healthy_at: isoTime(watch.targetHealthyAt),
    reason: watch.reason,
    rollback_deploy_id: watch.rollbackDeployId,
    approval_id: watch.approvalId,
  }
}

/** The audit rows about the deploy and about the approval that it came from. */
async function readRowIds({ db }: Deps, { id, surfaceId, approval, requestedAt }: StoredDeploy) {
  const where = { deployId: id, action: { not: EVIDENCE_ACTION } }
  const [first, last, count, asked] = await Promise.all([
    db.auditEvent.findMany({ where, orderBy: { id: 'asc' }, take: FIRST_ROWS, select: { id: true } }),
    db.auditEvent.findMany({ where, orderBy: { id: 'desc' }, take: LAST_ROWS, select: { id: true } }),
    db.auditEvent.count({ where }),
    approval === null
      ? []
      : db.auditEvent.findMany({
          where: {
            surfaceId,
            deployId: null,
            at: { gte: approval.requestedAt, lte: requestedAt },
            payload: { path: ['approval_id'], equals: approval.id },
          },
          take: FIRST_ROWS,
          select: { id: true },
        }),
  ])
  const kept = [...new Set([...asked, ...first, ...last].map((row) => row.id))]
  return { kept, more: Math.max(0, count + asked.length - kept.length) }
}

/** The rows with their seals, in the order of sealing. Rows that cannot be sealed now are left out. */
async function sealedRows(deps: Deps, ids: readonly bigint[]): Promise<SealedRow[]> {
  await sealRows(deps, ids, (rows) => countEndedDeploys(deps, rows))
  const records = await readAuditRecords(deps.db, ids)
  const seals = await readSealsOf(deps.db, ids)
  return seals.flatMap((seal) => {
    const row = records.get(seal.auditEventId)
    return row === undefined ? [] : [{ hash: seal.hash, record: JSON.parse(sealRecord(row, seal)) }]
  })
}

/** The newest lines that fit, the oldest first. Read in pages, because the longest lines are many times larger than what fits. */
async function readLog({ db }: Deps, deployId: string) {
  const newest: LogLine[] = []
  let bytes = 0
  let before: number | null | undefined
  while (before !== null) {
    const limit = Math.min(LINES_AT_ONCE, LINES_AT_MOST - newest.length)
    const page = await readLogLines(db, { deployId, limit, ...(before === undefined ? {} : { before }) })
    const fitting = page.lines.toReversed().filter(({ line }) => {
      bytes += Buffer.byteLength(line)
      return bytes <= LOG_BYTES_AT_MOST
    })
    newest.push(...fitting)
    const isFull = fitting.length < page.lines.length || newest.length === LINES_AT_MOST
    before = isFull ? null : page.cursor
  }
  const lines = newest.reverse()
  return { lines, older: (lines[0]?.seq ?? 1) - 1 }
}
