import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { expireQueued, withdrawQueued } from '~/server/queue/leave-queue'
import { dismissEnded, listEndedRequests, listOwnRequests } from '~/server/queue/own-requests'
import { takeTurn } from '~/server/queue/take-turn'
import { createQueueWorld, type QueueWorld } from './queue-world'

let world: QueueWorld
beforeAll(async () => {
  world = await createQueueWorld()
})
beforeEach(async () => {
  await world.reset()
  // What earlier tests left is told too.
  await world.deps.db.queuedRequest.updateMany({
    where: { state: 'waiting' },
    data: { state: 'withdrawn', endedAt: new Date(), endedBy: 'console' },
  })
  await world.deps.db.queuedRequest.updateMany({
    where: { state: { notIn: ['waiting', 'deployed'] }, dismissedAt: null },
    data: { dismissedAt: new Date() },
  })
})
afterAll(() => world.close())

const told = async (actor: Actor = world.bob, deps: Parameters<typeof listEndedRequests>[0] = world.deps) =>
  (await listEndedRequests(deps, actor)).map(({ id, state }) => ({ id, state }))

describe('the requester is told of a queued request that', () => {
  it('was refused at its turn, with the reason, and nobody else is', async () => {
    const { surface, ahead, queued } = await world.waiting()
    await world.end(ahead)
    await world.deps.db.member.update({ where: { userId: world.bob.userId }, data: { suspendedAt: new Date() } })
    await takeTurn(world.deps, surface.id)
    expect(await listEndedRequests(world.deps, world.bob)).toMatchObject([
      {
        ...{ id: queued.id, state: 'refused', surface: { id: surface.id }, ref: queued.ref, sha: queued.sha },
        end: { by: 'console', reason: expect.stringContaining('could no longer deploy') },
      },
    ])
    expect(await told(world.ada)).toEqual([])
    expect(await told(world.grace)).toEqual([])
  })

  it('somebody else withdrew, but not of one that the requester withdrew', async () => {
    const first = await world.waiting()
    const second = await world.waiting()
    await withdrawQueued(world.deps, world.grace, first.queued.id)
    await withdrawQueued(world.deps, world.bob, second.queued.id)
    expect(await told()).toEqual([{ id: first.queued.id, state: 'withdrawn' }])
  })

  it('a newer request replaced, and the newer request says so too', async () => {
    const { input, queued, surface } = await world.waiting()
    const newer = await world.queue(world.requestFor(surface, { ref: input.ref }))
    expect(await told()).toEqual([{ id: queued.id, state: 'replaced' }])
    expect(await world.seen(newer.id)).toMatchObject({ replacesId: queued.id, state: 'waiting' })
    expect(await world.seen(queued.id)).toMatchObject({ replacedById: newer.id, replacesId: null })
  })

  it('expired, also before the worker has recorded it, and can be dismissed then', async () => {
    const { queued } = await world.waiting()
    const later = world.later(61)
    expect(await told(world.bob, later)).toEqual([{ id: queued.id, state: 'expired' }])
    const end = { by: 'console', at: queued.expiresAt, reason: null }
    expect((await listOwnRequests(later, world.bob)).ended).toMatchObject([{ id: queued.id, state: 'expired', end }])
    await dismissEnded(later, world.bob, queued.id)
    expect(await told(world.bob, later)).toEqual([])
    await expireQueued(later)
    expect(await told(world.bob, later)).toEqual([])
    expect(await world.seen(queued.id)).toMatchObject({ state: 'expired' })
  })

  it('their token queued', async () => {
    const { surface } = await world.busy()
    const token = { ...world.bob, name: 'token:ci', via: 'token' as const, provedAt: null }
    const queued = await world.queue(world.requestFor(surface, { ref: 'release' }), token)
    await withdrawQueued(world.deps, world.grace, queued.id)
    expect(await listEndedRequests(world.deps, world.bob)).toMatchObject([{ id: queued.id, requestedBy: 'token:ci' }])
  })
})

it('the requester is not told of a request that became a deploy, nor after 24 hours', async () => {
  const { surface, ahead, queued } = await world.waiting()
  const other = await world.waiting()
  await withdrawQueued(world.deps, world.grace, other.queued.id)
  await world.end(ahead)
  await takeTurn(world.deps, surface.id)
  expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
  expect(await told(world.bob, world.later(23 * 60))).toEqual([{ id: other.queued.id, state: 'withdrawn' }])
  expect(await told(world.bob, world.later(25 * 60))).toEqual([])
})

describe('dismissing', () => {
  it('is for good, for this request alone, and a repetition changes nothing', async () => {
    const [first, second] = [await world.waiting(), await world.waiting()]
    for (const { queued } of [first, second]) await withdrawQueued(world.deps, world.grace, queued.id)
    await Promise.all([1, 2, 3].map(() => dismissEnded(world.deps, world.bob, first.queued.id)))
    expect(await told()).toEqual([{ id: second.queued.id, state: 'withdrawn' }])
    const rows = (await world.auditOf(first.surface.id)).filter(({ action }) => action.startsWith('console.queue.'))
    expect(rows.map(({ action }) => action)).toEqual(['console.queue.requested', 'console.queue.withdrawn'])
  })

  it('is refused to everybody else, while the request waits, and once it is a deploy', async () => {
    const { surface, ahead, queued } = await world.waiting()
    await expect(dismissEnded(world.deps, world.bob, queued.id)).rejects.toMatchObject({ code: 'queue_refused' })
    await world.end(ahead)
    await takeTurn(world.deps, surface.id)
    await expect(dismissEnded(world.deps, world.bob, queued.id)).rejects.toMatchObject({ code: 'queue_refused' })
    const other = await world.waiting()
    await withdrawQueued(world.deps, world.bob, other.queued.id)
    for (const actor of [world.ada, world.grace]) {
      await expect(dismissEnded(world.deps, actor, other.queued.id)).rejects.toMatchObject({
        code: 'permission_refused',
      })
    }
  })

  it('changes nothing else of an ended request, whatever is written to the database', async () => {
    const { queued } = await world.waiting()
    await withdrawQueued(world.deps, world.grace, queued.id)
    const write = (data: object) => world.deps.db.queuedRequest.update({ where: { id: queued.id }, data })
    await expect(write({ dismissedAt: new Date(), endedBy: 'bob' })).rejects.toThrow('has ended')
    await dismissEnded(world.deps, world.bob, queued.id)
    await expect(write({ dismissedAt: null })).rejects.toThrow('has ended')
  })
})

it('one’s own requests are those of oneself and one’s tokens, of one surface or of all', async () => {
  const { surface, queued } = await world.waiting()
  const elsewhere = await world.waiting()
  await world.queue(world.requestFor(surface, { ref: 'other' }), world.ada)
  const own = await listOwnRequests(world.deps, world.bob, surface.id)
  expect(own).toMatchObject({ waiting: [{ id: queued.id, position: 1 }], ended: [] })
  await withdrawQueued(world.deps, world.grace, elsewhere.queued.id)
  const all = await listOwnRequests(world.deps, world.bob)
  expect(all.waiting.map(({ id }) => id)).toContain(queued.id)
  expect(all.ended.map(({ id }) => id)).toEqual([elsewhere.queued.id])
})
