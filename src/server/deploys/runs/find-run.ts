import 'server-only'
import { claimRunLookup, type DeployRow, readDeploy } from '~/server/deploys/deploys'
import { advanceDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import { adoptRun, raiseDuplicateRuns } from '~/server/deploys/runs/record-run'
import type { Deps } from '~/server/deps'
import { findRunsOfDeploy } from '~/server/github/workflow-runs'
import type { DatabaseHandle } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'

const ACTOR = 'console'

/** The part of a deploy by which its run is found. */
type DeployToFind = Pick<DeployRow, 'id' | 'surfaceId' | 'repository' | 'workflow' | 'requestedAt'>

/** The limit of one look-up (docs/contract.md, "Run id"). */
export const LOOKUP_TIMEOUT_MS = 8_000

/**
 * Looks once for the run that carries the deploy's id and records it. Returns the run on record, which a callback may have named in
 * the meantime; null when GitHub lists no run.
 *
 * @throws the error of GitHub's client when GitHub does not answer
 */
export async function findRun(
  deps: Pick<Deps, 'db' | 'github' | 'now' | 'logger'>,
  deploy: DeployToFind,
  timeoutMs = LOOKUP_TIMEOUT_MS,
): Promise<bigint | null> {
  const runs = await findRunsOfDeploy(deps.github, deploy, AbortSignal.timeout(timeoutMs))
  const found = runs[0]
  if (found === undefined) return null
  return deps.db.$transaction(async (tx) => {
    const locked = await lockDeploy(tx, deploy.id)
    await raiseDuplicateRuns(deps, tx, deploy.id, runs)
    if (locked === null) return found
    if (locked.githubRunId !== null) return locked.githubRunId
    const at = deps.now()
    await adoptRun(tx, { ...locked, id: deploy.id }, { runId: found, attempt: 1, source: 'github', actor: ACTOR, at })
    const subject = { actor: ACTOR, at, deployId: deploy.id, surfaceId: deploy.surfaceId }
    if (locked.status === 'requested') await recordAcceptance(tx, subject, found)
    return found
  })
}

/** A run that carries the deploy's id proves that GitHub accepted the dispatch, even without an answer. */
async function recordAcceptance(
  tx: DatabaseHandle,
  subject: { readonly actor: string; readonly at: Date; readonly deployId: string; readonly surfaceId: string },
  runId: bigint,
): Promise<void> {
  await advanceDeploy(tx, {
    ...subject,
    to: 'dispatched',
    event: {
      action: 'console.deploy.reconciled',
      status: 'dispatched',
      payload: {
        source: 'github',
        from: 'requested',
        proof: `run ${runId} carries the deploy’s id`,
        occurred_at: subject.at.toISOString(),
      },
    },
  })
}

/** The age up to which each poll looks once (docs/contract.md, "Run id", 2). */
const LOOKUP_WINDOW_MS = 90_000

/** Windows poll every two seconds. All windows and processes together share one look-up in this time. */
const LOOKUP_SHARED_MS = 1_900

/** Whether a poll should ask GitHub for the run. */
export function mayResolveRun(deploy: Pick<DeployRow, 'githubRunId' | 'status' | 'requestedAt'>, now: Date): boolean {
  return (
    deploy.githubRunId === null &&
    deploy.status === 'dispatched' &&
    now.getTime() - deploy.requestedAt.getTime() < LOOKUP_WINDOW_MS
  )
}

/** Like `findRun`, but null when another poll has just looked, or when the look-up fails. A poll must not fail with the look-up. */
export async function resolveRun(
  deps: Pick<Deps, 'db' | 'github' | 'now' | 'logger'>,
  deploy: DeployToFind,
  timeoutMs?: number,
): Promise<bigint | null> {
  const now = deps.now()
  if (deps.github.rateLimit.pausedUntil(now, 'running') !== null) return null
  if (!(await claimRunLookup(deps.db, deploy.id, now, new Date(now.getTime() - LOOKUP_SHARED_MS)))) return null
  try {
    const runId = await findRun(deps, deploy, timeoutMs)
    if (runId !== null) await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId: deploy.id } })
    return runId
  } catch (error) {
    deps.logger.warn({ deployId: deploy.id, err: error }, 'the run look-up failed; the next poll looks again')
    return null
  }
}

/** The longest time that a dispatch takes, with waiting, while FLAG_CONSOLE_DEPLOY_ASYNC is off. */
const WAIT_MS = 25_000
const PAUSE_MS = 2_000

/** Waits until the run of a dispatched deploy is known, by a look-up or by a callback. */
export async function waitForRun(deps: Deps, id: string, since: Date): Promise<void> {
  const deadline = since.getTime() + WAIT_MS
  const left = () => deadline - deps.now().getTime()
  while (left() > 0) {
    const deploy = await readDeploy(deps.db, id)
    if (!mayResolveRun(deploy, deps.now())) return
    if ((await resolveRun(deps, deploy, Math.min(left(), LOOKUP_TIMEOUT_MS))) !== null) return
    await deps.pause(Math.min(PAUSE_MS, Math.max(left(), 0)))
  }
}
