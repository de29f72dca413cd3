import 'server-only'
import type { Deps } from '~/server/deps'
import { addJob, listRetriedKeys } from '~/server/platform/jobs.sql'
import { expireQueued } from '~/server/queue/leave-queue'
import { listWaiting } from '~/server/queue/queued-requests'

/**
 * Records expiries, and gives every queue another turn: a turn may have been lost with its worker, or had to wait for GitHub. Any number of
 * processes may run this pass at once.
 */
export async function watchQueues(deps: Pick<Deps, 'db' | 'now'>): Promise<void> {
  await expireQueued(deps)
  const waiting = await listWaiting(deps.db, deps.now())
  // Another job would retry at once what is retried after a growing pause.
  const retried = await listRetriedKeys(deps.db, 'take_turn')
  for (const surfaceId of new Set(waiting.map((row) => row.surfaceId))) {
    if (retried.has(`take_turn:${surfaceId}`)) continue
    await addJob(deps.db, { task: 'take_turn', payload: { surfaceId } }, { keepRunAt: true })
  }
}
