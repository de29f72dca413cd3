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
/** Every column of an audit row, as text without loss. */
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

/** Rows by id. A time that ISO 8601 cannot express (`infinity`, before year 1) is returned as PostgreSQL writes it. */
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

/** The ids of rows without a seal, after `after`, lowest first. */
export async function readUnsealedIds(tx: DatabaseHandle, after: bigint | null, limit: number): Promise<bigint[]> {
  const rows = await tx.$queryRaw`
    SELECT "audit_event_id" AS "id" FROM "audit_unsealed"
    WHERE ${after}::bigint IS NULL OR "audit_event_id" > ${after}::bigint ORDER BY "audit_event_id" LIMIT ${limit}`
  return ids.parse(rows).map(({ id }) => id)
}

export const countUnsealed = (db: DatabaseHandle): Promise<number> => db.auditUnsealed.count()

export async function readSealedIds(tx: DatabaseHandle, waiting: readonly bigint[]): Promise<Set<bigint>> {
  const rows = await tx.$queryRaw`
    SELECT "audit_event_id" AS "id" FROM "audit_seals" WHERE "audit_event_id" = ANY(${[...waiting]}::bigint[])`
  return new Set(ids.parse(rows).map(({ id }) => id))
}

const link = z.object({ seq: z.bigint(), hash: z.string() })
const links = z.array(link)

/** The end of the chain. Null if there is no seal. */
export async function readLastLink(tx: DatabaseHandle): Promise<z.output<typeof link> | null> {
  const rows = await tx.$queryRaw`
    SELECT "seq", encode("hash", 'hex') AS "hash" FROM "audit_seals" ORDER BY "seq" DESC LIMIT 1`
  return links.parse(rows)[0] ?? null
}

export async function readSealHead(db: DatabaseHandle): Promise<SealRow | null> {
  const rows = await db.$queryRaw(sealsSql(Prisma.sql`ORDER BY "seq" DESC LIMIT 1`))
  return z.array(sealRow).parse(rows)[0] ?? null
}

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

/** The seals of these rows, in the order of sealing. */
export async function readSealsOf(db: DatabaseHandle, ids: readonly bigint[]): Promise<SealRow[]> {
  const rows = await db.$queryRaw(
    sealsSql(Prisma.sql`WHERE "audit_event_id" = ANY(${[...ids]}::bigint[]) ORDER BY "seq"`),
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

/** Appends seals to the chain, and removes `settled` from the list of rows without a seal. */
export async function appendSeals(
  tx: DatabaseHandle,
  seals: readonly SealRow[],
  settled: readonly bigint[],
): Promise<void> {
  // One array per column, so that one prepared statement serves any number of rows.
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

const GAP_PAGE = 10_000
const LOWEST_ID = -(2n ** 63n)
const HIGHEST_ID = 2n ** 63n - 1n

const foundId = (rows: unknown) => z.tuple([z.object({ id: z.bigint().nullable() })]).parse(rows)[0].id

/**
 * The first row that has no seal and is not on the list of rows without a seal. Null if there is none. One statement reads both
 * tables, so a row that is sealed meanwhile is found in one of them.
 */
export async function findRowOutsideChain(db: DatabaseHandle): Promise<bigint | null> {
  let from = LOWEST_ID
  while (from <= HIGHEST_ID) {
    const upTo = foundId(
      await db.$queryRaw`
      SELECT max("id") AS "id" FROM (
        SELECT "id" FROM "audit_events" WHERE "id" >= ${from}::bigint ORDER BY "id" LIMIT ${GAP_PAGE}) AS "page"`,
    )
    if (upTo === null) return null
    const stray = foundId(
      await db.$queryRaw`
      SELECT min(e."id") AS "id" FROM "audit_events" AS e
      LEFT JOIN "audit_seals" AS s ON s."audit_event_id" = e."id" AND s."audit_event_id" BETWEEN ${from} AND ${upTo}
      LEFT JOIN "audit_unsealed" AS u ON u."audit_event_id" = e."id" AND u."audit_event_id" BETWEEN ${from} AND ${upTo}
      WHERE e."id" BETWEEN ${from} AND ${upTo} AND s."seq" IS NULL AND u."audit_event_id" IS NULL`,
    )
    if (stray !== null) return stray
    from = upTo + 1n
  }
  return null
}

/** The first id on the list of rows without a seal whose row was deleted. Null if there is none. */
export async function findDeletedUnsealedRow(db: DatabaseHandle): Promise<bigint | null> {
  return foundId(
    await db.$queryRaw`
    SELECT min(u."audit_event_id") AS "id" FROM "audit_unsealed" AS u
    WHERE NOT EXISTS (SELECT FROM "audit_events" AS e WHERE e."id" = u."audit_event_id")`,
  )
}
