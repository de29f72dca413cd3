import 'server-only'
import { LOG_TAIL_LENGTH, type LogLine, type LogMatches } from '~/domain/deploy/view'
import { AppError } from '~/domain/errors'
import { searchLogLines } from '~/server/deploys/read/log-search.sql'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { streamPages } from '~/server/platform/http/stream-export'

async function requireDeploy(db: DatabaseHandle, id: string): Promise<void> {
  const found = await db.deploy.findUnique({ where: { id }, select: { id: true } })
  if (found === null) throw new AppError('deploy_unknown', `There is no deploy ${id}. Check the id.`)
}

/** The newest page of a deploy's log lines, or the page before a cursor. Throws `deploy_unknown`. */
export async function getLogPage(
  deps: Pick<Deps, 'db'>,
  id: string,
  query: { readonly before?: number | undefined },
): Promise<{ readonly lines: LogLine[]; readonly cursor: number | null }> {
  await requireDeploy(deps.db, id)
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

/** As many matches as a reader steps through. */
const MATCHES_AT_MOST = 1_000

/** Which lines contain a text. Throws `deploy_unknown`. */
export async function searchLog(
  { db }: Pick<Deps, 'db'>,
  { id, text }: { readonly id: string; readonly text: string },
): Promise<LogMatches> {
  await requireDeploy(db, id)
  const found = await searchLogLines(db, { deployId: id, text, limit: MATCHES_AT_MOST + 1 })
  return { lines: found.slice(0, MATCHES_AT_MOST), more: found.length > MATCHES_AT_MOST }
}

const DOWNLOAD_PAGE = 1_000

/** The whole log as a download: a time and a line on each line, as the workflow printed it. Throws `deploy_unknown`. */
export async function downloadLog(deps: Pick<Deps, 'db' | 'logger'>, id: string): Promise<Response> {
  await requireDeploy(deps.db, id)
  const stream = await streamPages(deps, {
    name: 'log',
    textOf: (lines: readonly LogLine[]) => lines.map(({ at, line }) => `${at} ${line}\n`).join(''),
    readPage: async (cursor) => {
      const after = cursor === null ? 0 : Number(cursor)
      const rows = await deps.db.deployLogLine.findMany({
        where: { deployId: id, seq: { gt: after } },
        orderBy: { seq: 'asc' },
        take: DOWNLOAD_PAGE,
        select: { seq: true, line: true, at: true },
      })
      const last = rows.length < DOWNLOAD_PAGE ? null : String(rows.at(-1)?.seq)
      return { rows: rows.map((row) => ({ ...row, at: row.at.toISOString() })), nextCursor: last }
    },
  })
  return new Response(stream, {
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename="deploy-${id}.log"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}
