import 'server-only'
import type { DeployRow } from '~/server/deploys/deploys'
import { advanceDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import { adoptRun } from '~/server/deploys/runs/adopt-run'
import { raiseDuplicateRuns } from '~/server/deploys/runs/raise-duplicate-runs'
import type { Deps } from '~/server/deps'
import { findRunsOfDeploy } from '~/server/github/workflow-runs'
import type { DatabaseHandle } from '~/server/platform/database'

const ACTOR = 'console'

/** What of a deploy a look-up for its run goes by. */
export type Sought = Pick<DeployRow, 'id' | 'surfaceId' | 'repository' | 'workflow' | 'requestedAt'>

/** Contract.md, "Run id": a look-up waits no longer than this. */
export const LOOKUP_TIMEOUT_MS = 8_000

/**
 * Looks once for the run that carries the deploy's id and puts it on record. The run on record, which is another one
 * when a callback named its own meanwhile; null when GitHub lists none.
 *
 * @throws whatever GitHub's client throws when GitHub does not answer
 */
export async function findRun(
  deps: Pick<Deps, 'db' | 'github' | 'now' | 'logger'>,
  deploy: Sought,
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
    if (locked.status === 'requested') await proveAccepted(tx, subject, found)
    return found
  })
}

/** A run that carries the deploy's id proves that GitHub accepted a dispatch it never answered. */
async function proveAccepted(
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
