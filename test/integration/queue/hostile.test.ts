import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { continueQueue } from '~/server/queue/continue-queue'
import { expireQueued, withdrawQueued } from '~/server/queue/leave-queue'
import { dismissEnded, listEndedRequests } from '~/server/queue/own-requests'
import { takeTurn } from '~/server/queue/take-turn'
import { createQueueWorld, type QueueWorld } from './queue-world'

let world: QueueWorld
beforeAll(async () => {
  world = await createQueueWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

/** bob's request behind ada's deploy, which succeeded and left the surface unhealthy. */
async function unhealthy() {
  const waiting = await world.waiting()
  await world.end(waiting.ahead)
  await world.answers(waiting.surface.id, 'unhealthy')
  return { ...waiting, decision: { surfaceId: waiting.surface.id, deployId: waiting.ahead } }
}
const outcomes = (settled: readonly PromiseSettledResult<unknown>[]) => settled.map(({ status }) => status)

describe('a queue that waits for an unhealthy surface', () => {
  it('continued by two people at once, while two workers take turns, leads to one deploy and one row', async () => {
    const { surface, queued, decision } = await unhealthy()
    await Promise.allSettled([
      continueQueue(world.deps, world.ada, decision),
      takeTurn(world.deps, surface.id),
      continueQueue(world.deps, world.grace, decision),
      takeTurn(world.deps, surface.id),
    ])
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
    expect(await world.deploysOf(surface.id)).toHaveLength(2)
    const rows = (await world.auditOf(surface.id)).filter(({ action }) => action === 'console.queue.continued')
    expect(rows).toHaveLength(1)
  })

  it('is not continued by somebody whose access ended or was limited meanwhile', async () => {
    const { decision } = await unhealthy()
    const refused = (actor = world.bob) =>
      expect(continueQueue(world.deps, actor, decision)).rejects.toMatchObject({ code: 'permission_refused' })
    await refused({ ...world.bob, surfaces: ['another'] })
    // The session was read before the admin's press.
    const change = (data: object) => world.deps.db.member.update({ where: { userId: world.bob.userId }, data })
    await change({ role: 'viewer' })
    await refused()
    await change({ role: 'deployer', suspendedAt: new Date() })
    await refused()
    await change({ suspendedAt: null, allEnvironments: false, environments: ['staging'] })
    await refused()
  })

  it('a replay of the decision after the next deploy continues nothing', async () => {
    const { surface, decision } = await unhealthy()
    await continueQueue(world.deps, world.ada, decision)
    await takeTurn(world.deps, surface.id)
    const [, taken] = await world.deploysOf(surface.id)
    const last = await world.queue(world.requestFor(surface, { ref: 'later' }))
    await world.end(taken?.id ?? '', 'failed')
    await expect(continueQueue(world.deps, world.ada, decision)).rejects.toMatchObject({ code: 'queue_not_stopped' })
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(last.id)).toMatchObject({ state: 'waiting', stop: { deployId: taken?.id } })
  })

  it('continues for everybody, and a requester suspended since is still refused at the turn', async () => {
    const { surface, queued, decision } = await unhealthy()
    await world.deps.db.member.update({ where: { userId: world.bob.userId }, data: { suspendedAt: new Date() } })
    await continueQueue(world.deps, world.ada, decision)
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'refused' })
    expect(await world.deploysOf(surface.id)).toHaveLength(1)
  })
})

describe('the end of a request', () => {
  it('withdrawn, expired, taken and dismissed at once, it ends once and is dismissed only after an end', async () => {
    const { surface, ahead, queued } = await world.waiting()
    await world.end(ahead)
    const later = world.later(61)
    const settled = await Promise.allSettled([
      withdrawQueued(world.deps, world.grace, queued.id),
      expireQueued(later),
      takeTurn(world.deps, surface.id),
      dismissEnded(later, world.bob, queued.id),
    ])
    expect(outcomes(settled)).toContain('fulfilled')
    const row = await world.deps.db.queuedRequest.findUniqueOrThrow({ where: { id: queued.id } })
    expect(row.state).not.toBe('waiting')
    expect(row.state === 'deployed' ? row.dismissedAt : null).toBeNull()
    const ends = (await world.auditOf(surface.id)).filter(({ action }) =>
      /^console\.queue\.(withdrawn|expired|taken|refused|replaced)$/.test(action),
    )
    expect(ends).toHaveLength(1)
    expect(await world.deploysOf(surface.id)).toHaveLength(row.state === 'deployed' ? 2 : 1)
  })

  it('of a token is told to its owner, and not to the owner of a token with the same label', async () => {
    const { surface } = await world.busy()
    const [mine, theirs] = [world.bob, world.ada].map((owner) => ({
      ...owner,
      name: 'token:ci',
      via: 'token' as const,
    }))
    const queued = await world.queue(world.requestFor(surface, { ref: 'release' }), mine)
    await world.queue(world.requestFor(surface, { ref: 'other' }), theirs)
    await withdrawQueued(world.deps, world.grace, queued.id)
    expect((await listEndedRequests(world.deps, world.bob)).map(({ id }) => id)).toContain(queued.id)
    expect((await listEndedRequests(world.deps, world.ada)).map(({ id }) => id)).not.toContain(queued.id)
    await expect(dismissEnded(world.deps, world.ada, queued.id)).rejects.toMatchObject({ code: 'permission_refused' })
  })
})
