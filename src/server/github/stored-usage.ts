import 'server-only'
import type { KindUsage, Standing } from '~/domain/github/budget'
import type { Database } from '~/server/platform/database'

export async function addUsage(db: Database, hour: Date, counts: readonly KindUsage[]): Promise<void> {
  await db.$transaction(
    counts.map(({ kind, requests, unchanged }) =>
      db.gitHubUsage.upsert({
        where: { hour_kind: { hour, kind } },
        create: { hour, kind, requests, unchanged },
        update: { requests: { increment: requests }, unchanged: { increment: unchanged } },
      }),
    ),
  )
}

/** The newer of what is known and what is stored is kept, and given. */
export async function exchangeStanding(
  db: Database,
  credentials: string,
  known: Standing | null,
): Promise<Standing | null> {
  const stored = await findStanding(db, credentials)
  if (known === null || (stored !== null && stored.notedAt >= known.notedAt)) return stored
  await db.gitHubStanding.upsert({ where: { credentials }, create: { credentials, ...known }, update: known })
  return known
}

export function findStanding(db: Database, credentials: string): Promise<Standing | null> {
  return db.gitHubStanding.findUnique({ where: { credentials }, omit: { credentials: true } })
}

/** By kind, since an hour of the clock. */
export async function sumUsage(db: Database, since: Date) {
  const rows = await db.gitHubUsage.groupBy({
    by: ['kind'],
    where: { hour: { gte: since } },
    _sum: { requests: true, unchanged: true },
  })
  return new Map(rows.map(({ kind, _sum }) => [kind, { requests: _sum.requests ?? 0, unchanged: _sum.unchanged ?? 0 }]))
}

const KEPT_MS = 7 * 24 * 3_600_000

export async function forgetUsage(db: Database, now: Date): Promise<void> {
  await db.gitHubUsage.deleteMany({ where: { hour: { lt: new Date(now.getTime() - KEPT_MS) } } })
}
