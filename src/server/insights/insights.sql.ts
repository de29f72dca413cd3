import 'server-only'
import { z } from 'zod'
import type { Measure, MeasureGroup } from '~/domain/insights'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'

// What each measure means (docs/adr/064). `measureSql` tests one row of the table, for the list of deploys. `readMeasures` reads a period: there,
// failures are found from the few rollbacks, because a look-up for each deploy would take seconds. A test compares both with a third account of the rules.
// `BETWEEN` as in `readRunning`: with `=`, PostgreSQL may walk all deploys by id to find the one before or after.

/** A condition on the row `deploy` of `console_deploys`. */
export function measureSql(measure: Measure): Prisma.Sql {
  switch (measure) {
    case 'deployment':
      return Prisma.sql`${SHIPPED} AND "deploy"."status" = 'succeeded'`
    case 'change':
      return Prisma.sql`${SHIPPED} AND "deploy"."kind" <> 'rollback'
        AND (${FAILED} OR ("deploy"."status" = 'succeeded' AND ${ROLLED_BACK} <> 'unknown'))`
    case 'lead_time':
      return Prisma.sql`${SHIPPED} AND "deploy"."kind" <> 'rollback' AND "deploy"."status" = 'succeeded'
        AND "deploy"."committed_at_utc" <= "deploy"."requested_at_utc" AND ${NEW}`
    case 'lead_unknown':
      return Prisma.sql`${SHIPPED} AND "deploy"."kind" <> 'rollback' AND "deploy"."status" = 'succeeded'
        AND ("deploy"."committed_at_utc" <= "deploy"."requested_at_utc") IS NOT TRUE AND ${NEW}`
    case 'failure':
      return Prisma.sql`${SHIPPED} AND "deploy"."kind" <> 'rollback' AND ${FAILED}`
    case 'failure_unknown':
      return Prisma.sql`${SHIPPED} AND "deploy"."kind" <> 'rollback' AND NOT ${FAILED}
        AND ("deploy"."status" <> 'succeeded' OR ${ROLLED_BACK} = 'unknown')`
    case 'restored':
      return Prisma.sql`${measureSql('failure')} AND ${RESTORED}`
    case 'unrestored':
      return Prisma.sql`${measureSql('failure')} AND NOT ${RESTORED}`
    case 'shipping_unknown':
      return Prisma.sql`"deploy"."environment" = 'production' AND "deploy"."finished_at_utc" IS NOT NULL
        AND "deploy"."shipped" = 'unknown'`
  }
}

const SHIPPED = Prisma.sql`"deploy"."environment" = 'production' AND "deploy"."finished_at_utc" IS NOT NULL AND "deploy"."shipped" = 'yes'`

const HEALTH_CHECK_FAILED = Prisma.sql`("deploy"."status" = 'failed' AND "deploy"."failure_stage" IS NOT DISTINCT FROM 'health_check_failed')`

/**
 * `yes`: the next deploy of the surface that shipped is a rollback to another commit. `unknown`: the same, but a deploy that may have
 * shipped lies between, or a commit is not known. A rollback to the deploy's own commit returned to it.
 */
const ROLLED_BACK = Prisma.sql`coalesce((
  SELECT CASE
    WHEN "next"."kind" <> 'rollback' OR "next"."sha" = "deploy"."sha" THEN 'no'
    WHEN "next"."sha" <> "deploy"."sha" AND NOT EXISTS (
      SELECT FROM "console_deploys" AS "between"
      WHERE "between"."surface_id" = "deploy"."surface_id" AND "between"."shipped" = 'unknown'
        AND "between"."id" > "deploy"."id" AND "between"."id" < "next"."id") THEN 'yes'
    ELSE 'unknown' END
  FROM "console_deploys" AS "next"
  WHERE "next"."surface_id" BETWEEN "deploy"."surface_id" AND "deploy"."surface_id" AND "next"."shipped" = 'yes'
    AND "next"."finished_at_utc" IS NOT NULL AND "next"."id" > "deploy"."id"
  ORDER BY "next"."surface_id" DESC, "next"."id" LIMIT 1), 'no')`

const FAILED = Prisma.sql`(${HEALTH_CHECK_FAILED} OR ${ROLLED_BACK} = 'yes')`

/** No earlier deploy of the surface shipped the same commit: a commit that is deployed again has no lead time. */
const NEW = Prisma.sql`NOT EXISTS (
  SELECT FROM "console_deploys" AS "same"
  WHERE "same"."surface_id" = "deploy"."surface_id" AND "same"."sha" = "deploy"."sha" AND "same"."shipped" = 'yes'
    AND "same"."id" < "deploy"."id")`

const RESTORED = Prisma.sql`EXISTS (
  SELECT FROM "console_deploys" AS "next"
  WHERE "next"."surface_id" = "deploy"."surface_id" AND "next"."shipped" = 'yes' AND "next"."status" = 'succeeded'
    AND "next"."id" > "deploy"."id")`

/**
 * What leads to the deploys of a measure, besides the environment: the few that can be of it, found as `readFailed` finds them. Null if the
 * measure has no such index. `after`: only deploys with a higher id are asked for.
 */
export function measureLeadSql(
  measure: Measure,
  { surface, after }: { readonly surface: string | undefined; readonly after: string | null },
): Prisma.Sql | null {
  if (measure !== 'failure' && measure !== 'restored' && measure !== 'unrestored' && measure !== 'failure_unknown') {
    return null
  }
  const ofSurface = surface === undefined ? Prisma.sql`true` : Prisma.sql`"one"."surface_id" = ${surface}`
  const isLater = after === null ? Prisma.sql`true` : Prisma.sql`"one"."id" > ${after}::uuid`
  return Prisma.sql`"id" IN (
    SELECT "before"."id" FROM "console_deploys" AS "one" CROSS JOIN LATERAL (
      SELECT "earlier"."id" FROM "console_deploys" AS "earlier"
      WHERE "earlier"."surface_id" BETWEEN "one"."surface_id" AND "one"."surface_id" AND "earlier"."shipped" = 'yes'
        AND "earlier"."finished_at_utc" IS NOT NULL AND "earlier"."id" < "one"."id"
      ORDER BY "earlier"."surface_id", "earlier"."id" DESC LIMIT 1) AS "before"
    WHERE "one"."kind" = 'rollback' AND "one"."shipped" = 'yes' AND "one"."finished_at_utc" IS NOT NULL
      AND ${ofSurface} AND ${isLater}
    UNION ALL
    SELECT "one"."id" FROM "console_deploys" AS "one"
    WHERE "one"."status" IN ('failed', 'timed_out', 'cancelled') AND "one"."shipped" = 'yes' AND ${ofSurface} AND ${isLater})`
}

interface Period {
  readonly from: Date
  readonly to: Date
  /** When the parts of the period begin, in order; the first at `from`. */
  readonly parts: readonly Date[]
  /** Only these surfaces; null: all. */
  readonly only: readonly string[] | null
}

/** The measures of the deploys to production that were requested in a period, by surface and part of the period. */
export async function readMeasures(db: DatabaseHandle, period: Period): Promise<MeasureGroup[]> {
  const [ended, failed] = await Promise.all([readEnded(db, period), readFailed(db, period)])
  const keyOf = ({ surface, part }: { readonly surface: string; readonly part: number }) => `${part} ${surface}`
  const failures = new Map(failed.map((group) => [keyOf(group), group]))
  // A deploy that failed has ended, so no group of failures is left over.
  return ended.map((group) => {
    const found = failures.get(keyOf(group))
    const { failure, failedEnd, unknownGood, restoreTimes } = found ?? NO_FAILURES
    return {
      surface: group.surface,
      part: group.part,
      counts: {
        deployment: group.deployment,
        change: group.goodChange - unknownGood + failedEnd,
        lead_time: group.leadTimes.length,
        lead_unknown: group.newChange - group.leadTimes.length,
        failure,
        failure_unknown: group.otherChange - failedEnd + unknownGood,
        restored: restoreTimes.length,
        unrestored: failure - restoreTimes.length,
        shipping_unknown: group.unknown,
      },
      leadTimes: group.leadTimes,
      restoreTimes,
    }
  })
}

const NO_FAILURES = { failure: 0, failedEnd: 0, unknownGood: 0, restoreTimes: new Float64Array() }

const count = z.bigint().transform(Number)
/** Many numbers as one text, because a driver takes far longer for as many values. */
const times = z
  .string()
  .nullable()
  .transform((text) => (text === null ? new Float64Array() : Float64Array.from(text.split(','), Number)))
const group = { surface: z.string(), part: z.int() }

const endedRows = z.array(
  z.object({
    ...group,
    deployment: count,
    goodChange: count,
    newChange: count,
    otherChange: count,
    unknown: count,
    leadTimes: times,
  }),
)

const scopeOf = ({ only }: Period) =>
  only === null ? Prisma.sql`true` : Prisma.sql`"deploy"."surface_id" = ANY(${[...only]}::text[])`
/** The part of the period of a row. Not a join with a table of parts, of which the planner cannot know how few deploys they hold. */
const partOf = ({ parts }: Period) => Prisma.sql`width_bucket("requested_at_utc", ${[...parts]}::timestamptz[]) - 1`

const firstRows = z.array(z.object({ surface: z.string(), at: z.date() }))

/** When the first deploy of each surface was requested. `BETWEEN` as in `readRunning`. */
export async function readFirstDeploys(
  db: DatabaseHandle,
  surfaces: readonly string[],
): Promise<ReadonlyMap<string, Date>> {
  const rows = await db.$queryRaw`
    SELECT "one"."id" AS "surface", "first"."requested_at_utc" AS "at"
    FROM unnest(${[...surfaces]}::text[]) AS "one"("id") CROSS JOIN LATERAL (
      SELECT "requested_at_utc" FROM "console_deploys"
      WHERE "surface_id" BETWEEN "one"."id" AND "one"."id" ORDER BY "surface_id" DESC, "id" LIMIT 1) AS "first"`
  return new Map(firstRows.parse(rows).map(({ surface, at }) => [surface, at]))
}

/** The conditions of the index `console_deploys_insights`, which has every column of this statement. */
async function readEnded(db: DatabaseHandle, period: Period) {
  return endedRows.parse(
    await db.$queryRaw`
      SELECT "deploy"."surface_id" AS "surface", ${partOf(period)} AS "part",
        count(*) FILTER (WHERE "shipped" = 'yes' AND "status" = 'succeeded') AS "deployment",
        count(*) FILTER (WHERE "shipped" = 'yes' AND "kind" <> 'rollback' AND "status" = 'succeeded') AS "goodChange",
        count(*) FILTER (WHERE "shipped" = 'yes' AND "kind" <> 'rollback' AND "status" = 'succeeded' AND "is_new") AS "newChange",
        count(*) FILTER (WHERE "shipped" = 'yes' AND "kind" <> 'rollback' AND "status" <> 'succeeded') AS "otherChange",
        count(*) FILTER (WHERE "shipped" = 'unknown') AS "unknown",
        string_agg((date_part('epoch', "finished_at_utc" - "committed_at_utc") * 1000)::int8::text, ',') FILTER (
          WHERE "shipped" = 'yes' AND "kind" <> 'rollback' AND "status" = 'succeeded'
            AND "committed_at_utc" <= "requested_at_utc" AND "is_new") AS "leadTimes"
      -- OFFSET, or the look-up would be made for each use.
      FROM "console_deploys" AS "deploy" CROSS JOIN LATERAL (SELECT ${NEW} AS "is_new" OFFSET 0) AS "commit"
      WHERE "environment" = 'production' AND "finished_at_utc" IS NOT NULL AND "shipped" <> 'no' AND ${scopeOf(period)}
        AND "requested_at_utc" >= ${period.from} AND "requested_at_utc" < ${period.to}
      GROUP BY 1, 2`,
  )
}

/** `failedEnd`: failures that did not succeed. `unknownGood`: successes of which it is not known whether a rollback removed them. */
const failedRows = z.array(
  z.object({ ...group, failure: count, failedEnd: count, unknownGood: count, restoreTimes: times }),
)

async function readFailed(db: DatabaseHandle, period: Period) {
  const { from, to } = period
  return failedRows.parse(
    await db.$queryRaw`
      WITH "rolled_back" AS (
        SELECT "before"."id", "deploy"."surface_id", "before"."requested_at_utc", "before"."status",
          "deploy"."requested_at_utc" AS "failed_at",
          "before"."sha" IS NOT NULL AND "deploy"."sha" IS NOT NULL AND NOT EXISTS (
            SELECT FROM "console_deploys" AS "between"
            WHERE "between"."surface_id" = "deploy"."surface_id" AND "between"."shipped" = 'unknown'
              AND "between"."id" > "before"."id" AND "between"."id" < "deploy"."id") AS "is_known",
          CASE WHEN "deploy"."status" = 'succeeded' THEN "deploy"."finished_at_utc" END AS "restored_at"
        FROM "console_deploys" AS "deploy" CROSS JOIN LATERAL (
          SELECT "id", "kind", "requested_at_utc", "environment", "status", "sha" FROM "console_deploys" AS "earlier"
          WHERE "earlier"."surface_id" BETWEEN "deploy"."surface_id" AND "deploy"."surface_id" AND "earlier"."shipped" = 'yes'
            AND "earlier"."finished_at_utc" IS NOT NULL AND "earlier"."id" < "deploy"."id"
          ORDER BY "earlier"."surface_id", "earlier"."id" DESC LIMIT 1) AS "before"
        WHERE "deploy"."kind" = 'rollback' AND "deploy"."shipped" = 'yes' AND "deploy"."finished_at_utc" IS NOT NULL
          AND "deploy"."requested_at_utc" >= ${from} AND ${scopeOf(period)} AND "before"."kind" <> 'rollback'
          AND "before"."environment" = 'production' AND ("before"."sha" = "deploy"."sha") IS NOT TRUE
          AND "before"."requested_at_utc" >= ${from} AND "before"."requested_at_utc" < ${to}),
      "failed" AS (
        SELECT "id", "surface_id", "requested_at_utc", "status", min("failed_at") FILTER (WHERE "is_known") AS "failed_at",
          min("restored_at") FILTER (WHERE "is_known") AS "restored_at", bool_or("is_known") AS "is_known"
        FROM (
          SELECT * FROM "rolled_back"
          UNION ALL
          SELECT "id", "surface_id", "requested_at_utc", "status", "finished_at_utc", true, NULL
          FROM "console_deploys" AS "deploy"
          WHERE ${SHIPPED} AND "deploy"."status" = 'failed' AND "deploy"."failure_stage" = 'health_check_failed'
            AND "deploy"."kind" <> 'rollback' AND "deploy"."requested_at_utc" >= ${from}
            AND "deploy"."requested_at_utc" < ${to} AND ${scopeOf(period)}) AS "either"
        GROUP BY "id", "surface_id", "requested_at_utc", "status"),
      "failure" AS (
        SELECT "surface_id", "requested_at_utc", "status", "failed_at", "is_known", coalesce("restored_at", (
          SELECT "next"."finished_at_utc" FROM "console_deploys" AS "next"
          WHERE "next"."surface_id" BETWEEN "failed"."surface_id" AND "failed"."surface_id" AND "next"."shipped" = 'yes' AND "next"."status" = 'succeeded'
            AND "next"."id" > "failed"."id"
          ORDER BY "next"."surface_id" DESC, "next"."id" LIMIT 1)) AS "restored_at"
        FROM "failed")
      SELECT "surface_id" AS "surface", ${partOf(period)} AS "part",
        count(*) FILTER (WHERE "is_known") AS "failure",
        count(*) FILTER (WHERE "is_known" AND "status" <> 'succeeded') AS "failedEnd",
        count(*) FILTER (WHERE NOT "is_known" AND "status" = 'succeeded') AS "unknownGood",
        string_agg((date_part('epoch', "restored_at" - "failed_at") * 1000)::int8::text, ',') FILTER (WHERE "is_known") AS "restoreTimes"
      FROM "failure" GROUP BY 1, 2`,
  )
}
