import { allowedFrom, type DeployStatus, isTerminal, TERMINAL_STATUSES } from '~/domain/deploy/status'
import type { Database } from '~/server/platform/database'

/** Brings a deploy to a status along the transition table, without audit rows and deliveries. */
export async function moveDeploy(db: Database, id: string, to: DeployStatus): Promise<void> {
  const { status } = await db.deploy.findUniqueOrThrow({ where: { id }, select: { status: true } })
  for (const step of pathBetween(status, to)) {
    await db.deploy.update({ where: { id }, data: { status: step, finishedAt: isTerminal(step) ? new Date() : null } })
  }
}

/** Ends every unfinished deploy as failed and frees every surface, so that the next test begins with none. */
export async function endAllDeploys(db: Database): Promise<void> {
  const data = { status: 'failed', finishedAt: new Date() }
  await db.deploy.updateMany({ where: { status: { notIn: [...TERMINAL_STATUSES] } }, data })
  await db.deploy.updateMany({ where: { holdsSurface: true }, data: { holdsSurface: false } })
}

/** The statuses after `from` on the shortest path to `to`. */
function pathBetween(from: string, to: DeployStatus): readonly DeployStatus[] {
  let paths: (readonly DeployStatus[])[] = allowedFrom(from).map((next) => [next])
  while (paths.length > 0) {
    const found = paths.find((path) => path.at(-1) === to)
    if (found !== undefined) return found
    paths = paths.flatMap((path) => allowedFrom(path.at(-1) ?? from).map((next) => [...path, next]))
  }
  throw new Error(`no deploy gets from ${from} to ${to}`)
}
