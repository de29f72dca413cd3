import { afterAll, beforeAll, expect, it } from 'vitest'
import { waitFor } from '~/launch/wait-for'
import { addJob } from '~/server/db/jobs.sql'
import { createFaultWorld, type FaultWorld } from '~test/integration/faults/fault-world'
import { insertDeployAt } from '~test/support/console'
import { queuedJobs } from '~test/support/run-queue'
import { heldBack } from '~test/support/scripted-github'

const TIMEOUT = 120_000

let world: FaultWorld
beforeAll(async () => {
  world = await createFaultWorld()
}, TIMEOUT)
afterAll(() => world.close(), TIMEOUT)

const isGone = (pid: number): true | undefined => {
  try {
    process.kill(pid, 0)
    return undefined
  } catch {
    return true
  }
}

it('a server asked to stop lets the job under way end: nothing is left locked in the queue', {
  timeout: TIMEOUT,
}, async () => {
  const { deps, github, model, startServer } = world
  const server = await startServer()
  const { id } = await insertDeployAt(deps, 'building')
  model.accept(id)
  model.conclude(id, 'success')
  const run = heldBack(github.script.onRun)
  github.script.onRun = run
  await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId: id } })
  await run.asked
  const stopped = server.stop()
  // Left to itself, Next would have ended the process by then.
  expect(await waitFor(() => isGone(server.pid), { withinMs: 4_500 })).toBeUndefined()
  run.release()
  await stopped
  expect(await world.statusOf(id)).toBe('succeeded')
  expect(await queuedJobs(deps)).not.toContainEqual(expect.objectContaining({ task: 'reconcile_deploy' }))
})
