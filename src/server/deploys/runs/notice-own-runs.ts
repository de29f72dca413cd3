import 'server-only'
import { isTerminal } from '~/domain/deploy/status'
import { type ListedRun, runsByDeploy } from '~/domain/github/outside-run'
import { listDeploysAmong } from '~/server/deploys/deploys'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import { adoptRun, noteLateRun } from '~/server/deploys/runs/adopt-run'
import { raiseDuplicateRuns } from '~/server/deploys/runs/raise-duplicate-runs'
import type { Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'

type Noticing = Pick<Deps, 'db' | 'logger' | 'now'>
type KnownDeploy = Awaited<ReturnType<typeof listDeploysAmong>>[number]

/**
 * Looks at listed runs that carry the id of a deploy, whatever state that deploy is in: a second run of one deploy raises an alarm, and
 * a run of a deploy that has ended is adopted, or looked at again when somebody started it again. Gives the ids of the deploys.
 */
export async function noticeOwnRuns(deps: Noticing, runs: readonly ListedRun[]): Promise<ReadonlySet<string>> {
  const listed = runsByDeploy(runs)
  const deploys = await listDeploysAmong(deps.db, [...listed.keys()])
  for (const deploy of deploys) {
    const own = runs.filter(({ id }) => listed.get(deploy.id)?.includes(id))
    const onRecord = deploy.githubRunId === null ? [] : [deploy.githubRunId]
    const runIds = [...new Set([...onRecord, ...own.map(({ id }) => id)])]
    if (runIds.length > 1) await deps.db.$transaction((tx) => raiseDuplicateRuns(deps, tx, deploy.id, runIds))
    if (isTerminal(deploy.status)) for (const run of own) await noticeAfterEnd(deps, deploy, run)
  }
  return new Set(deploys.map(({ id }) => id))
}

async function noticeAfterEnd(deps: Noticing, deploy: KnownDeploy, run: ListedRun): Promise<void> {
  const isKnown = run.id === deploy.githubRunId || run.id === deploy.lateRunId
  const isStartedAgain = run.id === deploy.githubRunId && run.attempt > (deploy.githubRunAttempt ?? 1)
  if (isKnown && !isStartedAgain) return
  const seen = { runId: run.id, attempt: run.attempt, source: 'github', actor: 'console', at: deps.now() } as const
  await deps.db.$transaction(async (tx) => {
    const locked = await lockDeploy(tx, deploy.id)
    if (locked === null || !isTerminal(locked.status)) return
    const adopted = await adoptRun(tx, { ...locked, id: deploy.id }, seen)
    // Another run than the one on record: while it is active, it may change the surface.
    if (!adopted && locked.githubRunId !== run.id && run.status !== 'completed') {
      await noteLateRun(tx, { ...locked, id: deploy.id }, seen)
    }
    await addJob(tx, { task: 'reconcile_deploy', payload: { deployId: deploy.id } })
  })
  deps.logger.warn(
    { deployId: deploy.id, run: run.id.toString(), attempt: run.attempt },
    'a run of an ended deploy is listed',
  )
}
