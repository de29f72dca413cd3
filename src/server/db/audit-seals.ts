import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/db/client'
import { Prisma } from '~/server/db/generated/client.ts'

/** Any number; whoever appends seals holds the advisory lock of this one until his transaction ends. */
const SEAL_LOCK = 7_310_425

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

/** Times that only a hand in the database can write (`infinity`, before Christ) as PostgreSQL says them. */
const utc = (column: string) =>
  Prisma.raw(`CASE WHEN isfinite("${column}") AND "${column}" >= '0001-01-01Z'
    THEN to_char("${column}" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') ELSE "${column}"::text END`)

/** Rows by id, in any order. Each is found by its key, however long the trail is. */
export async function readAuditRecords(
  db: DatabaseHandle,
  ids: readonly bigint[],
): Promise<Map<bigint, AuditRecordRow>> {
  const rows = await db.$queryRaw`
    SELECT "id", ${utc('at_utc')} AS "at", "actor", "action", "deploy_id"::text AS "deployId", "surface_id" AS "surfaceId",
      "status", "payload"::text AS "payload"
    FROM "audit_events" WHERE "id" = ANY(${[...ids]}::bigint[])`
  return new Map(
    z
      .array(recordRow)
      .parse(rows)
      .map((row) => [row.id, row]),
  )
}

/** One at a time, in whatever process: false when another holds it. Given back when the transaction ends. */
export async function takeSealLock(tx: DatabaseHandle): Promise<boolean> {
  const rows = await tx.$queryRaw`SELECT pg_try_advisory_xact_lock(${SEAL_LOCK}::int) AS "held"`
  return z.tuple([z.object({ held: z.boolean() })]).parse(rows)[0].held
}

/** Ids that wait for their seal, lowest first, beginning after one. */
export async function readUnsealedIds(tx: DatabaseHandle, after: bigint | null, limit: number): Promise<bigint[]> {
  const rows = await tx.auditUnsealed.findMany({
    ...(after === null ? {} : { where: { auditEventId: { gt: after } } }),
    orderBy: { auditEventId: 'asc' },
    take: limit,
    select: { auditEventId: true },
  })
  return rows.map(({ auditEventId }) => auditEventId)
}

export const countUnsealed = (db: DatabaseHandle): Promise<number> => db.auditUnsealed.count()

/** Which of these have a seal already. */
export async function readSealedIds(tx: DatabaseHandle, ids: readonly bigint[]): Promise<Set<bigint>> {
  const rows = await tx.$queryRaw`
    SELECT "audit_event_id" AS "id" FROM "audit_seals" WHERE "audit_event_id" = ANY(${[...ids]}::bigint[])`
  const found = z.array(z.object({ id: z.bigint() })).parse(rows)
  return new Set(found.map(({ id }) => id))
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
  SELECT "seq", "audit_event_id" AS "auditEventId", "version"::int, ${utc('sealed_at_utc')} AS "sealedAt",
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
