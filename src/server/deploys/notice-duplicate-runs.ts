import 'server-only'
import { type ListedRun, runsByDeploy } from '~/domain/outside-run'
import { listUnfinishedAmong } from '~/server/db/deploys'
import { raiseDuplicateRuns } from '~/server/deploys/raise-duplicate-runs'
import type { Deps } from '~/server/deps'

/**
 * Raises the alarm for unfinished deploys that these listed runs show a second run of. GitHub's answer to the dispatch names
 * one run, so nobody would otherwise look for another.
 */
export async function noticeDuplicateRuns(
  deps: Pick<Deps, 'db' | 'logger' | 'now'>,
  runs: readonly ListedRun[],
): Promise<void> {
  const listed = runsByDeploy(runs)
  for (const { id, githubRunId } of await listUnfinishedAmong(deps.db, [...listed.keys()])) {
    const onRecord = githubRunId === null ? [] : [githubRunId]
    const runIds = [...new Set([...onRecord, ...(listed.get(id) ?? [])])]
    if (runIds.length > 1) await deps.db.$transaction((tx) => raiseDuplicateRuns(deps, tx, id, runIds))
  }
}
