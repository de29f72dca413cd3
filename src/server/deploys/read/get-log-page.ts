import 'server-only'
import { LOG_TAIL_LENGTH, type LogLine } from '~/domain/deploy/view'
import { AppError } from '~/domain/errors'
import { findDeploy } from '~/server/deploys/deploys'
import { readLogLines } from '~/server/deploys/read/log-lines'
import type { Deps } from '~/server/deps'

/** A page of a deploy's log lines before a cursor, or its newest. Throws `deploy_unknown`. */
export async function getLogPage(
  deps: Pick<Deps, 'db'>,
  id: string,
  query: { readonly before?: number | undefined },
): Promise<{ readonly lines: LogLine[]; readonly cursor: number | null }> {
  if ((await findDeploy(deps.db, id)) === null) throw new AppError('deploy_unknown', `There is no deploy ${id}.`)
  const { before } = query
  return readLogLines(deps.db, { deployId: id, limit: LOG_TAIL_LENGTH, ...(before === undefined ? {} : { before }) })
}
