import 'server-only'
import { z } from 'zod'
import { isTerminal, SHIPPED, TERMINAL_STATUSES } from '~/domain/deploy/status'
import type { Deps } from '~/server/deps'

/** The row of an older end, as after an upgrade from a version without seals, says nothing about the present. */
const RECENT_MS = 3_600_000

interface SealedRow {
  readonly at: string
  readonly action: string
  readonly deployId: string | null
  readonly status: string | null
  readonly payload: string
}

/** A refused callback names a status that it did not bring about. */
const isEnd = ({ action, status }: SealedRow): boolean =>
  status !== null && isTerminal(status) && action !== 'console.deploy.callback_rejected'

/** Counts the deploys whose end the audit rows record. Each row is sealed once, so all workers together count each deploy once. */
export async function countEndedDeploys(
  { db, metrics, now }: Pick<Deps, 'db' | 'metrics' | 'now'>,
  rows: readonly SealedRow[],
): Promise<void> {
  const since = now().getTime() - RECENT_MS
  for (const { action, payload } of rows) {
    if (action === 'console.deploy.requested') startAtZero(metrics, requested.parse(JSON.parse(payload)).environment)
  }
  const ids = rows.filter((row) => isEnd(row) && Date.parse(row.at) >= since).flatMap(({ deployId }) => deployId ?? [])
  if (ids.length === 0) return
  const ended = await db.deploy.findMany({
    where: { id: { in: ids } },
    select: { environment: true, status: true, shipped: true, requestedAt: true, finishedAt: true },
  })
  for (const { environment, status, shipped, requestedAt, finishedAt } of ended) {
    metrics.deploysEnded.inc({ environment, status, shipped })
    if (finishedAt === null) continue
    metrics.deploySeconds.observe({ environment, status }, (finishedAt.getTime() - requestedAt.getTime()) / 1_000)
  }
}

const requested = z.object({ environment: z.string() })

/** Prometheus sees no increase in a series that begins at one, so the series exist before the deploy ends. */
function startAtZero({ deploysEnded }: Deps['metrics'], environment: string): void {
  for (const status of TERMINAL_STATUSES) {
    for (const shipped of SHIPPED) deploysEnded.inc({ environment, status, shipped }, 0)
  }
}
