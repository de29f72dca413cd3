import 'server-only'
import { ALARM_ACTIONS, TRANSITION_ACTIONS } from '~/domain/audit/actions'
import { readAuditEvent } from '~/domain/audit/event'
import type { Transition } from '~/domain/deploy/phases'
import type { LogLine } from '~/domain/deploy/view'
import { occurredAt, transitionOf } from '~/server/audit/append-audit'
import { readLastingBefore } from '~/server/audit/audit.sql'
import { deploySelect } from '~/server/deploys/deploys'
import { readLogLines } from '~/server/deploys/read/log-lines'
import type { Database, DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'

const TRANSITIONS: readonly string[] = TRANSITION_ACTIONS
const ALARMS: readonly string[] = ALARM_ACTIONS

/** As many as the timeline shows: a deploy has a dozen or two, refused callbacks could make it more. */
const TIMELINE_LENGTH = 200

const recordSelect = {
  ...deploySelect,
  requestedByUserId: true,
  surface: {
    select: {
      id: true,
      name: true,
      environment: true,
      url: true,
      lastDeployId: true,
      runningSha: true,
      runningSeenAt: true,
    },
  },
} satisfies Prisma.DeploySelect

type StoredDeploy = Prisma.DeployGetPayload<{ select: typeof recordSelect }>

export interface RecordedEvent {
  /** ISO time; GitHub's own of an event the reconciler found later. */
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly status: string | null
  readonly payload: unknown
}

export interface DeployRecord {
  readonly deploy: Omit<StoredDeploy, 'surface' | 'requestedByUserId'> & {
    readonly surface: Pick<StoredDeploy['surface'], 'id' | 'name' | 'environment' | 'url'> & {
      /** What the surface has said it runs since this deploy ended; null while it has not, or once another deploy came. */
      readonly reportedSha: string | null
    }
  }
  /** Whose API token asked for it; null when a person did. */
  readonly owner: string | null
  /** Every accepted one, oldest first: what the steps are computed from. */
  readonly transitions: readonly Transition[]
  /** The newest row of each alarm, oldest first, however old: one per action and, where a callback said otherwise than the record, per run or commit it named. */
  readonly alarms: readonly RecordedEvent[]
  /** The newest rows, oldest first. */
  readonly timeline: readonly RecordedEvent[]
  readonly log: { readonly lines: readonly LogLine[]; readonly cursor: number | null }
}

/** A deploy with its surface, audit rows and newest log lines, as of one moment: the status never contradicts the timeline beside it. */
export function readDeployRecord(db: Database, id: string, logLength: number): Promise<DeployRecord | null> {
  const oneMoment = { isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead }
  return db.$transaction(async (tx) => {
    const stored = await tx.deploy.findUnique({ where: { id }, select: recordSelect })
    if (stored === null) return null
    const { surface, requestedByUserId, ...deploy } = stored
    const { lastDeployId, runningSha, runningSeenAt, ...shown } = surface
    const sinceEnd =
      lastDeployId === id && runningSeenAt !== null && deploy.finishedAt !== null && runningSeenAt > deploy.finishedAt
    const events = await readEvents(tx, id)
    const transitions = events.flatMap(({ status, ...row }) =>
      status !== null && TRANSITIONS.includes(row.action) ? [transitionOf({ ...row, status })] : [],
    )
    return {
      deploy: { ...deploy, surface: { ...shown, reportedSha: sinceEnd ? runningSha : null } },
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

/** The newest rows and, of those before them, what lasts: each transition, and the newest of each alarm. Oldest first. */
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

/** What a callback named that is not on record: a run or a commit. */
function contradictionIn(row: RecordedEvent): string {
  const event = readAuditEvent(row)
  if (event?.action === 'console.deploy.run_mismatch') return event.payload.reported_run_id
  return event?.action === 'console.deploy.other_commit_reported' ? event.payload.reported_sha : ''
}

function newestOfEach(alarms: readonly RecordedEvent[]): RecordedEvent[] {
  const keyOf = (row: RecordedEvent) => `${row.action} ${contradictionIn(row)}`
  const newest = new Map(alarms.map((row) => [keyOf(row), row]))
  return alarms.filter((row) => newest.get(keyOf(row)) === row)
}
