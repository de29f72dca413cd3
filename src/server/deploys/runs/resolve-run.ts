import 'server-only'
import { claimRunLookup, type DeployRow } from '~/server/deploys/deploys'
import { findRun, type Sought } from '~/server/deploys/runs/find-run'
import type { Deps } from '~/server/deps'

/** Contract.md, "Run id", 2: one look-up per poll while the deploy is this young. */
const LOOKUP_WINDOW_MS = 90_000

/** One window polls every two seconds. However many watch, in however many processes, GitHub is asked as often as for one. */
const LOOKUP_SHARED_MS = 1_900

/** True when a poll may still hope to learn the run by asking GitHub itself. */
export function mayResolveRun(deploy: Pick<DeployRow, 'githubRunId' | 'status' | 'requestedAt'>, now: Date): boolean {
  return (
    deploy.githubRunId === null &&
    deploy.status === 'dispatched' &&
    now.getTime() - deploy.requestedAt.getTime() < LOOKUP_WINDOW_MS
  )
}

/** `findRun`, but null where another poll has just looked, and where the look-up fails: it never fails the poll it is part of. */
export async function resolveRun(
  deps: Pick<Deps, 'db' | 'github' | 'now' | 'logger'>,
  deploy: Sought,
  timeoutMs?: number,
): Promise<bigint | null> {
  const now = deps.now()
  if (deps.github.budget.pausedUntil(now, 'running') !== null) return null
  if (!(await claimRunLookup(deps.db, deploy.id, now, new Date(now.getTime() - LOOKUP_SHARED_MS)))) return null
  try {
    return await findRun(deps, deploy, timeoutMs)
  } catch (error) {
    deps.logger.warn({ deployId: deploy.id, err: error }, 'run look-up failed; the next poll tries again')
    return null
  }
}
