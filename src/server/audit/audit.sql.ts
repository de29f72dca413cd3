import 'server-only'
import { z } from 'zod'
import { ALARM_ACTIONS, TRANSITION_ACTIONS } from '~/domain/audit/actions'
import type { DatabaseHandle } from '~/server/platform/database'

// Prisma's `distinct` reads every row there is.

const alarmRow = z.object({
  deployId: z.string(),
  action: z.string(),
  status: z.string().nullable(),
  payload: z.unknown(),
})
type AlarmRow = Omit<z.output<typeof alarmRow>, 'deployId'>

/** The newest row of each kind of alarm of several deploys at once, oldest first, by deploy: bounded, however often one was raised. */
export async function readAlarms(db: DatabaseHandle, deployIds: readonly string[]): Promise<Map<string, AlarmRow[]>> {
  const actions: string[] = ALARM_ACTIONS.filter((action) => !action.startsWith('console.deploy.cancel_'))
  const rows = await db.$queryRaw`
    SELECT "deploy_id" AS "deployId", "action", "status", "payload" FROM (
      SELECT DISTINCT ON ("deploy_id", "action") "id", "deploy_id", "action", "status", "payload" FROM "audit_events"
      WHERE "deploy_id" = ANY(${[...deployIds]}::uuid[]) AND "action" = ANY(${actions}::text[])
      ORDER BY "deploy_id", "action", "id" DESC) AS newest
    ORDER BY "id"`
  const alarms = new Map<string, AlarmRow[]>()
  for (const { deployId, ...alarm } of z.array(alarmRow).parse(rows)) {
    alarms.set(deployId, [...(alarms.get(deployId) ?? []), alarm])
  }
  return alarms
}

const lastingRows = z.array(
  z.object({
    at: z.date(),
    actor: z.string(),
    action: z.string(),
    status: z.string().nullable(),
    payload: z.unknown(),
  }),
)

const LASTING: readonly string[] = [...TRANSITION_ACTIONS, ...ALARM_ACTIONS]

/** Of a deploy's rows before this one: each transition, and the newest of each alarm. Oldest first. */
export async function readLastingBefore(db: DatabaseHandle, deployId: string, before: bigint) {
  const rows = await db.$queryRaw`
    SELECT "at_utc" AS "at", "actor", "action", "status", "payload" FROM (
      SELECT DISTINCT ON ("action", "status", coalesce("payload"->>'reported_run_id', "payload"->>'reported_sha')) *
      FROM "audit_events"
      WHERE "deploy_id" = ${deployId}::uuid AND "action" = ANY(${LASTING}::text[]) AND "id" < ${before}
      ORDER BY "action", "status", coalesce("payload"->>'reported_run_id', "payload"->>'reported_sha'), "id" DESC)
      AS lasting
    ORDER BY "id"`
  return lastingRows.parse(rows)
}
