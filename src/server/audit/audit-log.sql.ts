import 'server-only'
import { z } from 'zod'
import type { AuditFilter } from '~/domain/audit/log'
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
  payload: z.unknown(),
})
export type AuditRow = z.output<typeof auditRow>

export interface AuditPageQuery {
  readonly filter: AuditFilter
  /** Only rows with a lower id: rows that are appended meanwhile never move a page. */
  readonly before: bigint | null
  readonly limit: number
}

/** The newest rows that fit, newest first. */
export async function readAuditRows(db: DatabaseHandle, query: AuditPageQuery): Promise<AuditRow[]> {
  return z.array(auditRow).parse(await db.$queryRaw(auditPageSql(query)))
}

/** Only the conditions that are asked for, so that the planner meets each filter with the index made for it. */
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

/** The different values of one column: one step down its index for each of them, however long the trail is. */
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
