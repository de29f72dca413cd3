import 'server-only'
import { z } from 'zod'
import { ALARM_ACTIONS, TRANSITION_ACTIONS } from '~/domain/audit/actions'
import type { AuditFilter } from '~/domain/audit/filter'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'

const auditRow = z.object({
  id: z.bigint(),
  at: z.date(),
  actor: z.string(),
  action: z.string(),
  deployId: z.string().nullable(),
  surfaceId: z.string().nullable(),
  status: z.string().nullable(),
  // A `jsonb` column.
  payload: z.custom<z.core.util.JSONType>(),
})
export type AuditRow = z.output<typeof auditRow>

export interface AuditPageQuery {
  readonly filter: AuditFilter
  /** Only rows with a lower id, so that rows appended meanwhile do not shift the pages. */
  readonly before: bigint | null
  readonly limit: number
}

/** The rows that match the filter, newest first. */
export async function readAuditRows(db: DatabaseHandle, query: AuditPageQuery): Promise<AuditRow[]> {
  return z.array(auditRow).parse(await db.$queryRaw(auditPageSql(query)))
}

/** Contains only the conditions of the filter, so that the planner can use the index of each. */
export function auditPageSql({ filter, before, limit }: AuditPageQuery): Prisma.Sql {
  const conditions = [
    filter.deploy !== undefined && Prisma.sql`"deploy_id" = ${filter.deploy}::uuid`,
    filter.surface !== undefined && Prisma.sql`"surface_id" = ${filter.surface}`,
    filter.actor !== undefined && Prisma.sql`"actor" = ${filter.actor}`,
    filter.action !== undefined && Prisma.sql`"action" = ${filter.action}`,
    filter.from !== undefined && Prisma.sql`"at_utc" >= ${filter.from}`,
    filter.to !== undefined && Prisma.sql`"at_utc" < ${filter.to}`,
    before !== null && Prisma.sql`"id" < ${before}`,
  ].filter((condition) => condition !== false)
  const where = conditions.length === 0 ? Prisma.empty : Prisma.sql`WHERE ${Prisma.join(conditions, ' AND ')}`
  return Prisma.sql`
    SELECT "id", "at_utc" AS "at", "actor", "action", "deploy_id"::text AS "deployId", "surface_id" AS "surfaceId",
      "status", "payload"
    FROM "audit_events" ${where} ORDER BY "id" DESC LIMIT ${limit}`
}

const FACETS = { actions: '"action"', actors: '"actor"', surfaces: '"surface_id"' } as const
export type AuditFacet = keyof typeof FACETS

/** The distinct values of one column. The query skips along the index, so it costs one step per value, not per row. */
export async function readAuditFacet(db: DatabaseHandle, facet: AuditFacet): Promise<string[]> {
  const rows = z.array(z.object({ value: z.string() })).parse(await db.$queryRaw(auditFacetSql(facet)))
  return rows.map(({ value }) => value)
}

export function auditFacetSql(facet: AuditFacet): Prisma.Sql {
  const column = Prisma.raw(FACETS[facet])
  return Prisma.sql`
    WITH RECURSIVE "found" AS (
      SELECT min(${column}) AS "value" FROM "audit_events"
      UNION ALL
      SELECT (SELECT min(${column}) FROM "audit_events" WHERE ${column} > "found"."value")
      FROM "found" WHERE "found"."value" IS NOT NULL
    )
    SELECT "value" FROM "found" WHERE "value" IS NOT NULL`
}

const alarmRow = z.object({
  deployId: z.string(),
  action: z.string(),
  status: z.string().nullable(),
  // A `jsonb` column.
  payload: z.custom<z.core.util.JSONType>(),
  /** Newer than the last decision to continue the queue after the deploy. */
  sinceContinued: z.boolean(),
})
type AlarmRow = Omit<z.output<typeof alarmRow>, 'deployId'>

/** The newest event of each kind of alarm, by deploy, oldest first. By hand, because Prisma's `distinct` reads every row. */
export async function readAlarms(db: DatabaseHandle, deployIds: readonly string[]): Promise<Map<string, AlarmRow[]>> {
  const actions: string[] = ALARM_ACTIONS.filter((action) => !action.startsWith('console.deploy.cancel_'))
  const rows = await db.$queryRaw`
    SELECT "deploy_id" AS "deployId", "action", "status", "payload", NOT EXISTS (
      SELECT FROM "audit_events" AS "later" WHERE "later"."deploy_id" = "newest"."deploy_id" AND "later"."id" > "newest"."id"
        AND "later"."action" = 'console.queue.continued') AS "sinceContinued" FROM (
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
    // A `jsonb` column.
    payload: z.custom<z.core.util.JSONType>(),
  }),
)

const LASTING: readonly string[] = [...TRANSITION_ACTIONS, ...ALARM_ACTIONS]

/** A deploy's transitions, and the newest event of each alarm, before the row `before`. Oldest first. */
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
