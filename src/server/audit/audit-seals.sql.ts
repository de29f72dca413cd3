import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'

const recordRow = z.object({
  id: z.bigint(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  deployId: z.string().nullable(),
  surfaceId: z.string().nullable(),
  status: z.string().nullable(),
  payload: z.string(),
})
const recordRows = z.array(recordRow)
/** A row of the trail, every column of it, in texts that lose nothing of what is stored. */
export type AuditRecordRow = z.output<typeof recordRow>

const sealRow = z.object({
  seq: z.bigint(),
  auditEventId: z.bigint(),
  version: z.int(),
  sealedAt: z.string(),
  previousHash: z.string(),
  hash: z.string(),
})
export type SealRow = z.output<typeof sealRow>

/**
 * Rows by id, in any order. Each is found by its key, however long the trail is. Times that only a hand in the database can
 * write (`infinity`, before Christ) as PostgreSQL says them.
 */
export async function readAuditRecords(
  db: DatabaseHandle,
  ids: readonly bigint[],
): Promise<Map<bigint, AuditRecordRow>> {
  const rows = await db.$queryRaw`
    SELECT "id", CASE WHEN isfinite("at_utc") AND "at_utc" >= '0001-01-01Z'
        THEN to_char("at_utc" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') ELSE "at_utc"::text END AS "at",
      "actor", "action", "deploy_id"::text AS "deployId", "surface_id" AS "surfaceId", "status", "payload"::text AS "payload"
    FROM "audit_events" WHERE "id" = ANY(${[...ids]}::bigint[])`
  return new Map(recordRows.parse(rows).map((row) => [row.id, row]))
}

const ids = z.array(z.object({ id: z.bigint() }))

/** Ids that wait for their seal, lowest first, beginning after one. */
export async function readUnsealedIds(tx: DatabaseHandle, after: bigint | null, limit: number): Promise<bigint[]> {
  const rows = await tx.$queryRaw`
    SELECT "audit_event_id" AS "id" FROM "audit_unsealed"
    WHERE ${after}::bigint IS NULL OR "audit_event_id" > ${after}::bigint ORDER BY "audit_event_id" LIMIT ${limit}`
  return ids.parse(rows).map(({ id }) => id)
}

export const countUnsealed = (db: DatabaseHandle): Promise<number> => db.auditUnsealed.count()

/** Which of these have a seal already. */
export async function readSealedIds(tx: DatabaseHandle, waiting: readonly bigint[]): Promise<Set<bigint>> {
  const rows = await tx.$queryRaw`
    SELECT "audit_event_id" AS "id" FROM "audit_seals" WHERE "audit_event_id" = ANY(${[...waiting]}::bigint[])`
  return new Set(ids.parse(rows).map(({ id }) => id))
}

const link = z.object({ seq: z.bigint(), hash: z.string() })
const links = z.array(link)

/** Where the chain goes on; null while there is no seal. */
export async function readLastLink(tx: DatabaseHandle): Promise<z.output<typeof link> | null> {
  const rows = await tx.$queryRaw`
    SELECT "seq", encode("hash", 'hex') AS "hash" FROM "audit_seals" ORDER BY "seq" DESC LIMIT 1`
  return links.parse(rows)[0] ?? null
}

/** The newest seal; null while there is none. */
export async function readSealHead(db: DatabaseHandle): Promise<SealRow | null> {
  const rows = await db.$queryRaw(sealsSql(Prisma.sql`ORDER BY "seq" DESC LIMIT 1`))
  return z.array(sealRow).parse(rows)[0] ?? null
}

/** Seals `from` … `upTo` in their order, at most so many. */
export async function readSeals(
  db: DatabaseHandle,
  page: { readonly from: bigint; readonly upTo: bigint; readonly limit: number },
): Promise<SealRow[]> {
  const { from, upTo, limit } = page
  const rows = await db.$queryRaw(
    sealsSql(Prisma.sql`WHERE "seq" BETWEEN ${from} AND ${upTo} ORDER BY "seq" LIMIT ${limit}`),
  )
  return z.array(sealRow).parse(rows)
}

const sealsSql = (rest: Prisma.Sql) => Prisma.sql`
  SELECT "seq", "audit_event_id" AS "auditEventId", "version"::int,
    CASE WHEN isfinite("sealed_at_utc") AND "sealed_at_utc" >= '0001-01-01Z'
      THEN to_char("sealed_at_utc" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') ELSE "sealed_at_utc"::text
    END AS "sealedAt",
    encode("previous_hash", 'hex') AS "previousHash", encode("hash", 'hex') AS "hash"
  FROM "audit_seals" ${rest}`

/** Appends links to the chain, and takes what is settled off the list of rows that wait. */
export async function appendSeals(
  tx: DatabaseHandle,
  seals: readonly SealRow[],
  settled: readonly bigint[],
): Promise<void> {
  // One array per column: five hundred rows of values would be a text of SQL of their own.
  await tx.$executeRaw`
    INSERT INTO "audit_seals" ("seq", "audit_event_id", "version", "sealed_at_utc", "previous_hash", "hash")
    SELECT "seq", "id", "version", "at", decode("previous_hash", 'hex'), decode("hash", 'hex')
    FROM unnest(
      ${seals.map(({ seq }) => seq)}::bigint[], ${seals.map(({ auditEventId }) => auditEventId)}::bigint[],
      ${seals.map(({ version }) => version)}::int[], ${seals.map(({ sealedAt }) => sealedAt)}::timestamptz[],
      ${seals.map(({ previousHash }) => previousHash)}::text[], ${seals.map(({ hash }) => hash)}::text[]
    ) AS s("seq", "id", "version", "at", "previous_hash", "hash")`
  await tx.$executeRaw`DELETE FROM "audit_unsealed" WHERE "audit_event_id" = ANY(${[...settled]}::bigint[])`
}
