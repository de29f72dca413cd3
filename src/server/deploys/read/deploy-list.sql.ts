import 'server-only'
import { z } from 'zod'
import type { DeployFilter, DeployOutcome } from '~/domain/deploy/deploy-list'
import { measureLeadSql, measureSql } from '~/server/insights/insights.sql'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'

/** The rows that one page may search, however few of them match. */
const SEARCHED_AT_MOST = 10_000

interface DeploySearch {
  readonly filter: DeployFilter
  /** Only deploys with a lower id, so that deploys that start meanwhile do not shift the pages. */
  readonly before: string | null
  readonly limit: number
  /** The beginning of an id or a commit, or a part of a ref. */
  readonly text?: string
}

interface FoundDeploys {
  /** Newest first. */
  readonly ids: string[]
  /** The last row that was searched, if the limit of rows ended the search. */
  readonly searchedTo: { readonly id: string; readonly requestedAt: Date } | null
}

const idRows = z.array(z.object({ id: z.uuid() }))
const lastRows = z.array(z.object({ id: z.uuid(), requestedAt: z.date() }))

/**
 * The ids of the deploys that match. One filter, for which there is an index, leads through the newest rows; the others are tested on
 * those rows, at most `SEARCHED_AT_MOST`. So a combination that nothing matches costs no more than one that all do (docs/adr/062).
 */
export async function searchDeploys(
  db: DatabaseHandle,
  search: DeploySearch,
  searchedAtMost = SEARCHED_AT_MOST,
): Promise<FoundDeploys> {
  const { leading, tested: filters } = conditionsOf(search.filter)
  const tested = search.text === undefined ? filters : [...filters, textSql(search.text)]
  const bounds = await idBounds(db, search.filter)
  const { measure, surface } = search.filter
  const ofMeasure = measure === undefined ? null : measureLeadSql(measure, { surface, after: bounds.above })
  const where = Prisma.join(
    [
      ...leading,
      ...(ofMeasure === null ? [] : [ofMeasure]),
      ...(search.before === null ? [] : [Prisma.sql`"id" < ${search.before}::uuid`]),
      ...(bounds.above === null ? [] : [Prisma.sql`"id" > ${bounds.above}::uuid`]),
      ...(bounds.below === null ? [] : [Prisma.sql`"id" < ${bounds.below}::uuid`]),
      Prisma.sql`true`,
    ],
    ' AND ',
  )
  const rest = Prisma.join([...tested, Prisma.sql`true`], ' AND ')
  const found = await db.$queryRaw`
    SELECT "id" FROM (
      SELECT "id", "surface_id", "environment", "requested_by", "status", "kind", "ref", "sha", "requested_at_utc", "finished_at_utc",
        "committed_at_utc", "shipped", "failure_stage" FROM "console_deploys"
      WHERE ${where} ORDER BY "id" DESC LIMIT ${searchedAtMost}) AS "deploy"
    WHERE ${rest} ORDER BY "id" DESC LIMIT ${search.limit}`
  const ids = idRows.parse(found).map(({ id }) => id)
  if (ids.length === search.limit || tested.length === 0) return { ids, searchedTo: null }
  const last = await db.$queryRaw`
    SELECT "id", "requested_at_utc" AS "requestedAt" FROM "console_deploys"
    WHERE ${where} ORDER BY "id" DESC OFFSET ${searchedAtMost - 1} LIMIT 1`
  return { ids, searchedTo: lastRows.parse(last)[0] ?? null }
}

/** The filter that excludes most, by experience, leads. */
function conditionsOf(filter: DeployFilter) {
  const { surface, person, outcome, kind, service, measure, from, to } = filter
  // Every measure is one of production.
  const environment = filter.environment ?? (measure === undefined ? undefined : 'production')
  const indexed = [
    outcome === 'running' && outcomeSql(outcome),
    surface !== undefined && Prisma.sql`"surface_id" = ${surface}`,
    person !== undefined && Prisma.sql`"requested_by" = ${person}`,
    outcome !== undefined && outcome !== 'running' && outcome !== 'succeeded' && outcomeSql(outcome),
    kind !== undefined && kind !== 'deploy' && kindSql(kind),
    environment !== undefined && Prisma.sql`"environment" = ${environment}`,
  ].filter((condition) => condition !== false)
  const [leading, ...others] = indexed
  const tested = [
    ...others,
    ...(outcome === 'succeeded' ? [outcomeSql(outcome)] : []),
    ...(kind === 'deploy' ? [kindSql(kind)] : []),
    ...(service === undefined ? [] : [serviceSql(service)]),
    ...(measure === undefined ? [] : [measureSql(measure)]),
    ...(from === undefined ? [] : [Prisma.sql`"requested_at_utc" >= ${from}`]),
    ...(to === undefined ? [] : [Prisma.sql`"requested_at_utc" < ${to}`]),
  ]
  return { leading: leading === undefined ? [] : [leading], tested }
}

/** Written out, because a partial index serves a condition only if the plan can see its value. */
function outcomeSql(outcome: DeployOutcome): Prisma.Sql {
  switch (outcome) {
    case 'running':
      return Prisma.sql`"finished_at_utc" IS NULL`
    case 'succeeded':
      return Prisma.sql`"status" = 'succeeded'`
    case 'failed':
      return Prisma.sql`"status" = 'failed'`
    case 'timed_out':
      return Prisma.sql`"status" = 'timed_out'`
    case 'cancelled':
      return Prisma.sql`"status" = 'cancelled'`
  }
}

function kindSql(kind: NonNullable<DeployFilter['kind']>): Prisma.Sql {
  switch (kind) {
    case 'deploy':
      return Prisma.sql`"kind" = 'deploy'`
    case 'rollback':
      return Prisma.sql`"kind" = 'rollback'`
    case 'promotion':
      return Prisma.sql`"kind" = 'promotion'`
  }
}

/** The surfaces of one service (`isSameService`). */
const serviceSql = (surface: string) => Prisma.sql`"surface_id" IN (
  SELECT "other"."id" FROM "surfaces" AS "other", "surfaces" AS "one"
  WHERE "one"."id" = ${surface} AND "other"."repository" = "one"."repository"
    AND "other"."service" IS NOT DISTINCT FROM "one"."service"
    AND ("other"."service" IS NOT NULL OR "other"."workflow" = "one"."workflow"))`

/** `LIKE` reads `%`, `_` and the backslash, which a ref may contain. */
function textSql(text: string): Prisma.Sql {
  const literal = text.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)
  const [start, part] = [`${literal}%`, `%${literal}%`]
  return Prisma.sql`("id"::text LIKE ${start} OR "sha" LIKE ${start} OR lower("ref") LIKE ${part})`
}

const HEX = '0123456789abcdef'
const SHORTEST_ID = 8

/** The newest deploys whose id begins with this text, however many there are: a range of the index. None for other texts. */
export async function findDeploysById(db: DatabaseHandle, text: string, limit: number): Promise<string[]> {
  const digits = text.toLowerCase().replaceAll('-', '')
  const isStart =
    digits.length >= SHORTEST_ID && digits.length <= 32 && [...digits].every((digit) => HEX.includes(digit))
  if (!isStart) return []
  const [first, last] = [digits.padEnd(32, '0'), digits.padEnd(32, 'f')]
  const found = await db.$queryRaw`
    SELECT "id" FROM "console_deploys" WHERE "id" BETWEEN ${first}::uuid AND ${last}::uuid ORDER BY "id" DESC LIMIT ${limit}`
  return idRows.parse(found).map(({ id }) => id)
}

/** An id is made shortly before or after the time of its request. */
const DISORDER_MS = 60_000

/**
 * Ids are UUIDv7, so a range of times is a range of ids, but for deploys that were requested within the same minute as its ends. The
 * times themselves are tested too.
 */
async function idBounds(db: DatabaseHandle, { from, to }: DeployFilter) {
  const [above, below] = await Promise.all([
    from === undefined ? [] : db.$queryRaw(nearestSql('before', new Date(from.getTime() - DISORDER_MS))),
    to === undefined ? [] : db.$queryRaw(nearestSql('after', new Date(to.getTime() + DISORDER_MS))),
  ])
  return { above: idRows.parse(above)[0]?.id ?? null, below: idRows.parse(below)[0]?.id ?? null }
}

const nearestSql = (side: 'before' | 'after', at: Date) =>
  side === 'before'
    ? Prisma.sql`SELECT "id" FROM "console_deploys" WHERE "requested_at_utc" < ${at} ORDER BY "requested_at_utc" DESC, "id" DESC LIMIT 1`
    : Prisma.sql`SELECT "id" FROM "console_deploys" WHERE "requested_at_utc" >= ${at} ORDER BY "requested_at_utc", "id" LIMIT 1`

/** Everybody who ever asked for a deploy. The query skips along the index, so it costs one step per person, not per deploy. */
export async function readRequesters(db: DatabaseHandle): Promise<string[]> {
  const rows = await db.$queryRaw`
    WITH RECURSIVE "found" AS (
      SELECT min("requested_by") AS "value" FROM "console_deploys"
      UNION ALL
      SELECT (SELECT min("requested_by") FROM "console_deploys" WHERE "requested_by" > "found"."value")
      FROM "found" WHERE "found"."value" IS NOT NULL
    )
    SELECT "value" FROM "found" WHERE "value" IS NOT NULL`
  return z
    .array(z.object({ value: z.string() }))
    .parse(rows)
    .map(({ value }) => value)
}
