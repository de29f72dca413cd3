import 'server-only'
import { z } from 'zod'
import { STATUSES_BEFORE_SHIPPING, TERMINAL_STATUSES } from '~/domain/deploy/status'
import { WATCHED_PAUSE_SECONDS } from '~/domain/deploy/watch'
import type { Database } from '~/server/platform/database'
import { listSurfacesById, type SurfaceRow } from '~/server/surfaces/surfaces'

/** `deploying`: a deploy of the surface is shipping, or has just ended. */
export type Lane = 'deploying' | 'quiet'

const JUST_ENDED_S = 60

/** The pause between two probes. It doubles from the second unanswered probe on, up to the longest pause. */
const PAUSE_S: Readonly<Record<Lane, number>> = { deploying: 2, quiet: 30 }
const LONGEST_PAUSE_S = 600
/** During a health check of the console, the pause grows to a tenth of the time that the check has taken, up to this. */
const LONGEST_CHECK_PAUSE_S = 10
/** Longer than a probe takes, with its writes. */
const CLAIM_MS = 15_000

const claimed = z.array(z.object({ id: z.string() }))

/**
 * Claims surfaces of a lane that are due, the one with the oldest probe first. Concurrent workers claim different surfaces. A claim ends
 * with `releaseProbe`, or after its time.
 */
export async function claimDueProbes(db: Database, lane: Lane, limit: number, now: Date): Promise<SurfaceRow[]> {
  const until = new Date(now.getTime() + CLAIM_MS)
  const rows = await db.$queryRaw`
    WITH due AS (
      SELECT s."id" FROM "surfaces" AS s
      LEFT JOIN "surface_probes" AS p ON p."surface_id" = s."id"
      LEFT JOIN "console_deploys" AS d ON d."id" = s."last_deploy_id"
      LEFT JOIN "deploy_watches" AS w ON w."deploy_id" = s."last_deploy_id" AND w."state" IN ('armed', 'watching')
      CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN d."status" = ANY(${[...TERMINAL_STATUSES]}::text[])
        THEN d."finished_at_utc" > ${now}::timestamptz - ${JUST_ENDED_S}::int * interval '1 s'
        ELSE d."status" <> ALL(${[...STATUSES_BEFORE_SHIPPING]}::text[]) END, false) AS "deploying",
        extract(epoch FROM ${now}::timestamptz - d."probe_until_utc")::float8 + d."probe_seconds" AS "checked_s") AS now
      WHERE (s."archived_at_utc" IS NULL OR d."status" <> ALL(${[...TERMINAL_STATUSES]}::text[])) AND now."deploying" = ${lane === 'deploying'}::bool
        AND (p."claimed_until_utc" IS NULL OR p."claimed_until_utc" <= ${now}::timestamptz)
        AND (s."health_checked_at_utc" IS NULL OR s."health_checked_at_utc" <= ${now}::timestamptz - interval '1 s' *
          CASE WHEN now."deploying" THEN greatest(${PAUSE_S.deploying}::float8,
            least(${LONGEST_CHECK_PAUSE_S}::float8, coalesce(now."checked_s", 0) / 10))
          WHEN coalesce(w."until_utc", d."finished_at_utc" + w."minutes" * interval '1 min') > ${now}::timestamptz THEN ${WATCHED_PAUSE_SECONDS}::float8
          ELSE least(${LONGEST_PAUSE_S}::float8, ${PAUSE_S.quiet}::float8 * power(2, least(greatest(coalesce(p."unanswered", 0) - 1, 0), 10))) END)
      ORDER BY s."health_checked_at_utc" NULLS FIRST, s."position" LIMIT ${limit}::int
      FOR NO KEY UPDATE OF s SKIP LOCKED)
    INSERT INTO "surface_probes" AS claim ("surface_id", "claimed_until_utc")
    SELECT "id", ${until}::timestamptz FROM due
    ON CONFLICT ("surface_id") DO UPDATE SET "claimed_until_utc" = excluded."claimed_until_utc"
      WHERE claim."claimed_until_utc" IS NULL OR claim."claimed_until_utc" <= ${now}::timestamptz
    RETURNING "surface_id" AS "id"`
  const ids = claimed.parse(rows).map(({ id }) => id)
  return ids.length === 0 ? [] : listSurfacesById(db, ids)
}

/** Ends the claim. Unanswered probes count only in the quiet lane, since a deploying surface is probed often in any case. */
export async function releaseProbe(
  db: Database,
  surfaceId: string,
  { lane, answered }: { readonly lane: Lane; readonly answered: boolean },
): Promise<void> {
  const unanswered = answered || lane === 'deploying' ? 0 : { increment: 1 }
  await db.surfaceProbe.updateMany({ where: { surfaceId }, data: { claimedUntil: null, unanswered } })
}
