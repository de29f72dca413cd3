import 'server-only'
import { LOG_TAIL_LENGTH, type LogLine } from '~/domain/deploy/view'
import { AppError } from '~/domain/errors'
import { findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'

/** The newest page of a deploy's log lines, or the page before a cursor. Throws `deploy_unknown`. */
export async function getLogPage(
  deps: Pick<Deps, 'db'>,
  id: string,
  query: { readonly before?: number | undefined },
): Promise<{ readonly lines: LogLine[]; readonly cursor: number | null }> {
  if ((await findDeploy(deps.db, id)) === null)
    throw new AppError('deploy_unknown', `There is no deploy ${id}. Check the id.`)
  const { before } = query
  return readLogLines(deps.db, { deployId: id, limit: LOG_TAIL_LENGTH, ...(before === undefined ? {} : { before }) })
}

/** One page of log lines, the oldest first, with the cursor of the page before it. */
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
