import 'server-only'
import type { LogLine } from '~/domain/deploy/view'
import type { DatabaseHandle } from '~/server/platform/database'

/** A page of lines older than `before` (or the newest ones), oldest first, with the cursor for the page before it. */
export async function readLogLines(
  db: DatabaseHandle,
  query: { readonly deployId: string; readonly before?: number; readonly limit: number },
): Promise<{ lines: LogLine[]; cursor: number | null }> {
  const rows = await db.deployLogLine.findMany({
    where: { deployId: query.deployId, ...(query.before === undefined ? {} : { seq: { lt: query.before } }) },
    orderBy: { seq: 'desc' },
    take: query.limit,
    select: { seq: true, line: true, at: true },
  })
  const lines = rows.reverse().map((row) => ({ ...row, at: row.at.toISOString() }))
  const first = lines[0]
  return { lines, cursor: first !== undefined && first.seq > 1 ? first.seq : null }
}
