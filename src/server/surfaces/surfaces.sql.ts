import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'

/** A time inside JSON, in PostgreSQL's text format with an offset. */
const jsonTime = z.string().transform((text) => new Date(text))

const runningRows = z.array(
  z.object({
    surfaceId: z.string(),
    runs: z.string().nullable(),
    shippedHere: z.boolean(),
    lastGood: z.object({ deployId: z.string(), sha: z.string(), finishedAt: jsonTime }).nullable(),
  }),
)

export type RunningRow = z.output<typeof runningRows>[number]

/**
 * Per surface: the running commit by the newest evidence, whether the console shipped the reported version, and the newest deploy that
 * shipped another commit. A report counts unless a deploy that may have shipped has ended since. If that deploy is not proven to have
 * shipped, the running commit is unknown.
 *
 * `BETWEEN s."id" AND s."id"` makes PostgreSQL use the index by surface. With `=` it may scan all deploys by id.
 */
export async function readRunning(
  db: DatabaseHandle,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RunningRow>> {
  const rows = await db.$queryRaw`
    SELECT s."id" AS "surfaceId", now."sha" AS "runs",
      coalesce((SELECT true FROM "console_deploys" AS d
        WHERE d."surface_id" = s."id" AND d."sha" = s."running_sha" AND d."shipped" = 'yes' LIMIT 1), false) AS "shippedHere",
      (SELECT json_build_object('deployId', g."id", 'sha', g."sha", 'finishedAt', g."finished_at_utc")
        FROM "console_deploys" AS g
        WHERE g."surface_id" BETWEEN s."id" AND s."id" AND g."status" = 'succeeded' AND g."shipped" = 'yes'
          AND g."sha" IS NOT NULL AND g."finished_at_utc" IS NOT NULL AND g."repository" = s."repository"
          AND g."workflow" = s."workflow" AND g."sha" IS DISTINCT FROM now."sha"
        ORDER BY g."surface_id", g."id" DESC LIMIT 1) AS "lastGood"
    FROM unnest(${ids}::text[]) AS asked("id") JOIN "surfaces" AS s ON s."id" = asked."id"
    LEFT JOIN LATERAL (SELECT d."sha", d."shipped", d."finished_at_utc" FROM "console_deploys" AS d
      WHERE d."surface_id" BETWEEN s."id" AND s."id" AND d."finished_at_utc" IS NOT NULL AND d."shipped" <> 'no'
      ORDER BY d."surface_id", d."id" DESC LIMIT 1) AS ended ON true
    CROSS JOIN LATERAL (SELECT CASE
      WHEN ended."finished_at_utc" IS NULL OR s."running_seen_at_utc" > ended."finished_at_utc" THEN s."running_sha"
      WHEN ended."shipped" = 'yes' THEN ended."sha" END AS "sha") AS now`
  return new Map(runningRows.parse(rows).map((row) => [row.surfaceId, row]))
}
