import 'server-only'
import { ALARM_ACTIONS, TRANSITION_ACTIONS } from '~/domain/audit/actions'
import { type AuditAction, readAuditEvent } from '~/domain/audit/event'
import { proofOfEvent } from '~/domain/audit/proof-of-event'
import { isDecidedSince, type WaitingEnvironments } from '~/domain/deploy/environment-review'
import { failedLog, isDeletedLog } from '~/domain/deploy/failed-log'
import { storedInputs } from '~/domain/deploy/inputs'
import type { Transition } from '~/domain/deploy/phases'
import { explainQuiet, type QuietFacts, runWaits } from '~/domain/deploy/quiet'
import { keptJobs } from '~/domain/deploy/run-jobs'
import { runFacts } from '~/domain/deploy/run-record'
import { isTerminal } from '~/domain/deploy/status'
import {
  ATTEMPTS_SHOWN,
  type DeployView,
  LOG_TAIL_LENGTH,
  type LogLine,
  type RunAttempt,
  type TimelineEntry,
} from '~/domain/deploy/view'
import { hasTurned } from '~/domain/deploy/watch'
import { AppError } from '~/domain/errors'
import { minuteUtc } from '~/domain/utc-time'
import { occurredAt, transitionOf } from '~/server/audit/append-audit'
import { readLastingBefore } from '~/server/audit/audit.sql'
import { cancelOf } from '~/server/deploys/cancel/cancel-deploy'
import { describeDeployRow } from '~/server/deploys/deploy-report'
import { viewWatch, watchSelect } from '~/server/deploys/deploy-watch'
import { deploySelect } from '~/server/deploys/deploys'
import { describeAlarms, describeCancelRefusal, describeEvent } from '~/server/deploys/event-texts'
import { readLogLines } from '~/server/deploys/read/log-lines'
import { mayResolveRun, resolveRun } from '~/server/deploys/runs/find-run'
import type { Deps } from '~/server/deps'
import { jobUrl, runUrl } from '~/server/github/web-urls'
import type { Database, DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'
import { readSurfaceQueue } from '~/server/queue/queued-view'

/** Everything that the deploy modal shows about one deploy (docs/contract.md, "Poll"). Throws `deploy_unknown`. */
export async function getDeploy(deps: Deps, id: string): Promise<DeployView> {
  const record = await readDeployRecord(deps.db, id, LOG_TAIL_LENGTH)
  if (record === null) throw new AppError('deploy_unknown', `There is no deploy ${id}. Check the id.`)
  const { deploy, owner, transitions, timeline, log } = record
  const watch = viewWatch(deploy, deps.now())
  const alarms = [...turnedWarning(record, watch), ...describeAlarms(record.alarms)]
  const asksGitHub = mayResolveRun(deploy, deps.now())
  const runId = deploy.githubRunId ?? (asksGitHub ? await resolveRun(deps, deploy) : null)
  const report = describeDeployRow({ ...deploy, githubRunId: runId }, transitions, deploy.surface.reportedSha)
  return {
    id: deploy.id,
    status: deploy.status,
    terminal: isTerminal(deploy.status),
    ...report,
    failureStage: deploy.failureStage,
    failureDetail: deploy.failureDetail,
    ref: deploy.ref,
    sha: deploy.sha,
    reason: deploy.reason,
    inputs: sentInputs(deploy.inputs),
    checklist: deploy.checklist,
    overrideReason: deploy.overrideReason,
    kind: deploy.kind,
    approvedBy: deploy.approvedBy,
    approvalId: deploy.approvalId,
    requestedBy: deploy.requestedBy,
    requestedByOwner: owner,
    requestedAt: deploy.requestedAt.toISOString(),
    finishedAt: deploy.finishedAt?.toISOString() ?? null,
    surface: deploy.surface,
    repository: deploy.repository,
    workflow: deploy.workflow,
    runId: runId?.toString() ?? null,
    runAttempt: deploy.githubRunAttempt,
    runUrl: runId === null ? null : runUrl(deps.config.githubApiUrl, deploy.repository, runId),
    runAttempts: deploy.attempts.flatMap((row) => attemptOf(deps.config.githubApiUrl, deploy.repository, row)),
    quiet: explainQuiet(quietFacts(record), deps.now()),
    waitingEnvironments: waitingEnvironments(record),
    lateRunUrl:
      deploy.lateRunId === null || deploy.lateRunId === runId
        ? null
        : runUrl(deps.config.githubApiUrl, deploy.repository, deploy.lateRunId),
    watch,
    cancel: cancelOf(deploy),
    queue: record.isNewest ? await readSurfaceQueue(deps, deploy.surfaceId) : null,
    warnings: [
      ...silenceWarning(deploy),
      ...alarms,
      ...(isTerminal(deploy.status) ? [] : describeCancelRefusal(record.alarms)),
    ],
    alarms,
    timeline: timeline.map(timelineEntry),
    logTail: log.lines,
    // The job also notes deploys that never had a log.
    logDeletedAt: hadLog(deploy) ? (deploy.logDeletedAt?.toISOString() ?? null) : null,
    logCursor: log.cursor,
  }
}

/** The surface turned unhealthy, and neither recovered nor got a newer deploy since. */
const turnedWarning = ({ isUnhealthy }: DeployRecord, watch: DeployView['watch']): string[] =>
  isUnhealthy && watch !== null && hasTurned(watch.state) ? [watch.sentences.join(' ')] : []

function sentInputs(stored: Prisma.JsonValue): DeployView['inputs'] {
  const inputs = storedInputs.parse(stored)
  return inputs === null ? null : Object.entries(inputs).map(([name, value]) => ({ name, value }))
}

/** Empty for jobs that a newer version stored in a way that this version cannot read. */
function attemptOf(apiUrl: string, repository: string, row: StoredDeploy['attempts'][number]): RunAttempt[] {
  const kept = keptJobs.safeParse(row.jobs).data
  if (kept === undefined) return []
  const jobs = kept.jobs.map((job) => ({
    ...job,
    url: job.id === null ? null : jobUrl(apiUrl, repository, row.runId, job.id),
  }))
  const log = failedLog.safeParse(row.failedLog).data ?? null
  return [{ attempt: row.attempt, seenAt: row.seenAt.toISOString(), jobs, moreJobs: kept.moreJobs, failedLog: log }]
}

function quietFacts({ deploy, timeline, log }: DeployRecord): QuietFacts {
  const newest = deploy.attempts[0]
  const facts = runFacts.safeParse(deploy.runRecord).data
  const callbacks = timeline.filter(({ action }) => CALLBACK_ACTIONS.includes(action)).map(({ at }) => at)
  return {
    terminal: isTerminal(deploy.status),
    cancelled: deploy.cancelRequestedAt !== null,
    silent: deploy.githubSilentSince !== null,
    conclusion: facts?.over === true ? facts.conclusion : null,
    attempt:
      newest === undefined
        ? null
        : {
            seenAt: newest.seenAt.toISOString(),
            jobs: keptJobs.safeParse(newest.jobs).data?.jobs ?? [],
            waits: runWaits.safeParse(newest.waits).data ?? null,
          },
    lastCallbackAt: [...callbacks, ...log.lines.map(({ at }) => at)].toSorted().at(-1) ?? null,
  }
}

/** Whether it ever had log lines or the log of a failed job. */
const hadLog = ({ logCount, attempts }: DeployRecord['deploy']): boolean =>
  logCount > 0 || attempts.some((row) => isDeletedLog(row.failedLog))

/** Null unless a person may still decide: the deploy goes on, at the attempt that was read, and with the reviewed commit. */
function waitingEnvironments({ deploy, timeline, alarms }: DeployRecord): WaitingEnvironments | null {
  const newest = deploy.attempts[0]
  const waits = runWaits.safeParse(newest?.waits).data
  if (newest === undefined || waits === undefined || waits.environments.length === 0) return null
  if (isTerminal(deploy.status) || deploy.cancelRequestedAt !== null || deploy.githubSilentSince !== null) return null
  if (newest.attempt !== deploy.githubRunAttempt || newest.runId !== deploy.githubRunId) return null
  // The time before GitHub was asked.
  const readAt = newest.seenAt.toISOString()
  const isMoved = alarms.some(({ action }) => action === 'console.deploy.ref_moved')
  const decisions = reviewsOf(timeline)
  return {
    runId: newest.runId.toString(),
    runAttempt: newest.attempt,
    readAt,
    environments: waits.environments.map(({ id, name, mayApprove }) => ({
      id,
      name,
      reviewable: mayApprove && !isMoved && !decisions.some((decided) => isDecidedSince(readAt, id, decided)),
    })),
  }
}

/** The newest recorded state of each decision about an environment. */
function reviewsOf(timeline: readonly RecordedEvent[]) {
  const newest = timeline.flatMap((row) => {
    const event = readAuditEvent(row)
    if (event?.action !== 'console.deploy.gate_approved' && event?.action !== 'console.deploy.gate_rejected') return []
    const { environment_id: environmentId, outcome } = event.payload
    return [[environmentId, { at: row.at, environmentId, outcome }]] as const
  })
  return [...new Map(newest).values()]
}

/** The warning that GitHub does not answer, while the reconciler still follows the deploy. */
function silenceWarning({ githubSilentSince, status, holdsSurface }: DeployRecord['deploy']): string[] {
  if (githubSilentSince === null || (isTerminal(status) && !holdsSurface)) return []
  const since = minuteUtc(githubSilentSince.toISOString())
  return [
    `GitHub has not answered about this deploy since ${since}. The status stays as it was. The console keeps asking.`,
  ]
}

function timelineEntry(row: RecordedEvent): TimelineEntry {
  return {
    at: row.at,
    actor: row.actor,
    action: row.action,
    status: row.status,
    note: describeEvent(row),
    proof: proofOfEvent(row),
  }
}

const CALLBACK_ACTIONS: readonly string[] = [
  'console.deploy.callback',
  'console.deploy.callback_rejected',
] satisfies readonly AuditAction[]
const TRANSITIONS: readonly string[] = TRANSITION_ACTIONS
const ALARMS: readonly string[] = ALARM_ACTIONS

/** The rows that the timeline shows. A deploy has one or two dozen; refused callbacks may add many more. */
const TIMELINE_LENGTH = 200

const recordSelect = {
  ...deploySelect,
  requestedByUserId: true,
  approvalId: true,
  logDeletedAt: true,
  watch: { select: watchSelect },
  attempts: {
    orderBy: { attempt: 'desc' },
    take: ATTEMPTS_SHOWN,
    select: { attempt: true, runId: true, jobs: true, seenAt: true, failedLog: true, waits: true },
  },
  surface: {
    select: {
      id: true,
      name: true,
      environment: true,
      url: true,
      lastDeployId: true,
      health: true,
      runningSha: true,
      runningSeenAt: true,
    },
  },
} satisfies Prisma.DeploySelect

type StoredDeploy = Prisma.DeployGetPayload<{ select: typeof recordSelect }>

interface RecordedEvent {
  /** ISO time. For an event that the reconciler found later, GitHub's own time. */
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly status: string | null
  readonly payload: unknown
}

interface DeployRecord {
  readonly deploy: Omit<StoredDeploy, 'surface' | 'requestedByUserId'> & {
    readonly surface: Pick<StoredDeploy['surface'], 'id' | 'name' | 'environment' | 'url'> & {
      /** The version that the surface reported after this deploy ended; null before that, or once a newer deploy exists. */
      readonly reportedSha: string | null
    }
  }
  /** Whether no newer deploy of the surface exists. */
  readonly isNewest: boolean
  /** The deploy is the surface's newest one, and the surface was not healthy when last asked. */
  readonly isUnhealthy: boolean
  /** The e-mail address of the API token's owner; null when a person made the request. */
  readonly owner: string | null
  /** All accepted transitions, the oldest first. The phases are computed from them. */
  readonly transitions: readonly Transition[]
  /** The newest row of each alarm, the oldest first: one per action and, for contradictions, per reported run or commit. */
  readonly alarms: readonly RecordedEvent[]
  /** The newest rows, the oldest of them first. */
  readonly timeline: readonly RecordedEvent[]
  readonly log: { readonly lines: readonly LogLine[]; readonly cursor: number | null }
}

/** Reads a deploy with its surface, audit rows and log lines from one snapshot, so that status and timeline agree. */
function readDeployRecord(db: Database, id: string, logLength: number): Promise<DeployRecord | null> {
  const oneMoment = { isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead }
  return db.$transaction(async (tx) => {
    const stored = await tx.deploy.findUnique({ where: { id }, select: recordSelect })
    if (stored === null) return null
    const { surface, requestedByUserId, ...deploy } = stored
    const { lastDeployId, health, runningSha, runningSeenAt, ...shown } = surface
    const sinceEnd =
      lastDeployId === id && runningSeenAt !== null && deploy.finishedAt !== null && runningSeenAt > deploy.finishedAt
    const events = await readEvents(tx, id)
    const transitions = events.flatMap(({ status, ...row }) =>
      status !== null && TRANSITIONS.includes(row.action) ? [transitionOf({ ...row, status })] : [],
    )
    return {
      deploy: { ...deploy, surface: { ...shown, reportedSha: sinceEnd ? runningSha : null } },
      isNewest: lastDeployId === id,
      isUnhealthy: lastDeployId === id && health !== 'healthy',
      owner: await readOwner(tx, deploy.requestedBy, requestedByUserId),
      transitions,
      alarms: newestOfEach(events.filter(({ action }) => ALARMS.includes(action))),
      timeline: events.slice(-TIMELINE_LENGTH),
      log: await readLogLines(tx, { deployId: id, limit: logLength }),
    }
  }, oneMoment)
}

async function readOwner(tx: DatabaseHandle, requestedBy: string, userId: string | null): Promise<string | null> {
  if (userId === null || !requestedBy.startsWith('token:')) return null
  const user = await tx.user.findUnique({ where: { id: userId }, select: { email: true } })
  return user?.email ?? null
}

/** The newest rows and, from older ones, every transition and the newest of each alarm. The oldest row comes first. */
async function readEvents(tx: DatabaseHandle, deployId: string): Promise<RecordedEvent[]> {
  const newest = await tx.auditEvent.findMany({
    where: { deployId },
    orderBy: { id: 'desc' },
    take: TIMELINE_LENGTH,
    select: { id: true, at: true, actor: true, action: true, status: true, payload: true },
  })
  const oldest = newest.at(-1)
  const older =
    oldest === undefined || newest.length < TIMELINE_LENGTH ? [] : await readLastingBefore(tx, deployId, oldest.id)
  return [...older, ...newest.reverse()].map(({ at, actor, action, status, payload }) => ({
    at: occurredAt(payload) ?? at.toISOString(),
    actor,
    action,
    status,
    payload,
  }))
}

/** The run or commit that a callback reported and that contradicts the record. */
function reportedContradiction(row: RecordedEvent): string {
  const event = readAuditEvent(row)
  if (event?.action === 'console.deploy.run_mismatch') return event.payload.reported_run_id
  return event?.action === 'console.deploy.other_commit_reported' ? event.payload.reported_sha : ''
}

function newestOfEach(alarms: readonly RecordedEvent[]): RecordedEvent[] {
  const keyOf = (row: RecordedEvent) => `${row.action} ${reportedContradiction(row)}`
  const newest = new Map(alarms.map((row) => [keyOf(row), row]))
  return alarms.filter((row) => newest.get(keyOf(row)) === row)
}
