import 'server-only'
import { isTerminal } from '~/domain/deploy/status'
import { type ListedRun, runsByDeploy } from '~/domain/github/outside-run'
import { listDeploysById } from '~/server/deploys/deploys'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import { adoptRun, raiseDuplicateRuns, recordLateRun } from '~/server/deploys/runs/record-run'
import type { Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'

type AdoptDeps = Pick<Deps, 'db' | 'logger' | 'now'>
type KnownDeploy = Awaited<ReturnType<typeof listDeploysById>>[number]

/**
 * Checks listed runs that carry a deploy's id. A second run of one deploy raises an alarm. Records a run of an
 * ended deploy, and reads it again after a re-run. Returns the ids of the deploys that were found.
 */
export async function adoptListedRuns(deps: AdoptDeps, runs: readonly ListedRun[]): Promise<ReadonlySet<string>> {
  const listed = runsByDeploy(runs)
  const deploys = await listDeploysById(deps.db, [...listed.keys()])
  for (const deploy of deploys) {
    const own = runs.filter(({ id }) => listed.get(deploy.id)?.includes(id))
    const onRecord = deploy.githubRunId === null ? [] : [deploy.githubRunId]
    const runIds = [...new Set([...onRecord, ...own.map(({ id }) => id)])]
    if (runIds.length > 1) await deps.db.$transaction((tx) => raiseDuplicateRuns(deps, tx, deploy.id, runIds))
    if (isTerminal(deploy.status)) for (const run of own) await adoptAfterEnd(deps, deploy, run)
  }
  return new Set(deploys.map(({ id }) => id))
}

async function adoptAfterEnd(deps: AdoptDeps, deploy: KnownDeploy, run: ListedRun): Promise<void> {
  const isKnown = run.id === deploy.githubRunId || run.id === deploy.lateRunId
  const isNewAttempt = run.id === deploy.githubRunId && run.attempt > (deploy.githubRunAttempt ?? 1)
  if (isKnown && !isNewAttempt) return
  const seen = { runId: run.id, attempt: run.attempt, source: 'github', actor: 'console', at: deps.now() } as const
  await deps.db.$transaction(async (tx) => {
    const locked = await lockDeploy(tx, deploy.id)
    if (locked === null || !isTerminal(locked.status)) return
    const adopted = await adoptRun(tx, { ...locked, id: deploy.id }, seen)
    // While another run than the one on record is active, it may change the surface.
    if (!adopted && locked.githubRunId !== run.id && run.status !== 'completed') {
      await recordLateRun(tx, { ...locked, id: deploy.id }, seen)
    }
    await addJob(tx, { task: 'reconcile_deploy', payload: { deployId: deploy.id } })
  })
  deps.logger.warn(
    { deployId: deploy.id, run: run.id.toString(), attempt: run.attempt },
    'GitHub lists a run of an ended deploy',
  )
}
