import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { QUEUE_LENGTH, QUEUED_BY_ONE } from '~/domain/deploy/queue'
import { advanceDeploy } from '~/server/deploys/deploys.sql'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { lockSurface } from '~/server/freezes/change-freezes'
import { withdrawQueued } from '~/server/queue/leave-queue'
import { watchQueues } from '~/server/queue/watch-queues'
import { deleteOldRecords } from '~/server/retention/delete-old-records'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { actorNamed } from '~test/support/actors'
import { insertSurface } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { queuedJobs } from '~test/support/run-queue'
import { SHA } from '~test/support/scripted-github'
import { createQueueWorld, type QueueWorld } from './queue-world'

let world: QueueWorld
beforeAll(async () => {
  world = await createQueueWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

describe('a request that may queue', () => {
  it('waits behind a deploy under way, bound to its commit, and says who is ahead', async () => {
    const { surface, ahead } = await world.busy()
    const first = await world.queue(world.requestFor(surface, { ref: 'release', reason: 'Release 42' }))
    expect(first).toMatchObject({
      state: 'waiting',
      position: 1,
      ref: 'refs/heads/release',
      sha: SHA,
      reason: 'Release 42',
      deployAhead: { id: ahead, requestedBy: 'ada', ref: 'refs/heads/main' },
      ahead: [],
      stop: null,
      yours: true,
      withdrawable: true,
    })
    const second = await world.queue(world.requestFor(surface, { ref: 'other' }), world.ada)
    expect(second).toMatchObject({ position: 2, ahead: [{ id: first.id, position: 1, requestedBy: 'bob' }] })
    const waiting = [{ id: first.id }, { id: second.id }]
    const [tile] = await listTiles(world.deps, [surface.id])
    expect(tile?.queue).toMatchObject({ waiting, stop: null })
    expect((await getDeploy(world.deps, ahead)).queue).toMatchObject({ waiting, stop: null })
    expect((await world.auditOf(surface.id)).at(-1)).toMatchObject({
      action: 'console.queue.requested',
      actor: 'ada',
      payload: { queued_id: second.id, sha: SHA, requested_by: 'ada' },
    })
    expect(await world.deploysOf(surface.id)).toHaveLength(1)
  })

  it('is deployed at once while the surface is free and nobody waits', async () => {
    const surface = await insertSurface(world.deps)
    expect(await world.send(world.requestFor(surface, { queue: true }))).toMatchObject({ outcome: 'deploy' })
  })

  it('waits behind others although the surface is free', async () => {
    const { surface, ahead } = await world.waiting()
    await world.end(ahead, 'failed')
    expect(await world.queue(world.requestFor(surface, { ref: 'other' }))).toMatchObject({ position: 2 })
  })

  it('is answered with the same queued request under the same key, and refused under it with another request', async () => {
    const { input, queued } = await world.waiting()
    expect(await world.queue(input)).toEqual(queued)
    expect(await world.send(input), 'also without the wish to queue').toMatchObject({ outcome: 'queued' })
    await expect(world.send({ ...input, reason: 'Another' })).rejects.toMatchObject({ code: 'idempotency_mismatch' })
  })

  it('passes every check of a dispatch before it waits', async () => {
    const { surface } = await world.busy()
    const refused = (overrides: Parameters<typeof world.requestFor>[1], actor = world.bob) =>
      expect(world.queue(world.requestFor(surface, overrides), actor)).rejects
    await refused({ confirmation: 'another' }).toMatchObject({ code: 'confirmation_mismatch' })
    await refused({ expectedSha: 'b'.repeat(40) }).toMatchObject({ code: 'ref_moved' })
    await refused({ reviewedRunningSha: 'b'.repeat(40) }).toMatchObject({ code: 'running_changed' })
    const stale = { ...world.bob, provedAt: new Date(Date.now() - 16 * 60_000) }
    await refused({}, stale).toMatchObject({ code: 'proof_stale' })
    await refused({}, { ...world.bob, environments: ['staging'] }).toMatchObject({ code: 'permission_refused' })
    await lockSurface(world.deps, world.grace, { surfaceId: surface.id, reason: 'Migration' })
    await refused({}).toMatchObject({ code: 'surface_locked' })
    expect(await world.deps.db.queuedRequest.count({ where: { surfaceId: surface.id } })).toBe(0)
  })

  it('is refused if it overrides a freeze, if the surface needs approval, or if the queue is full', async () => {
    const { surface } = await world.busy()
    const overrideFreeze = { reason: 'Security fix' }
    await expect(world.queue(world.requestFor(surface, { overrideFreeze }), world.grace)).rejects.toMatchObject({
      code: 'queue_refused',
    })
    const people = await Promise.all(
      Array.from({ length: Math.ceil(QUEUE_LENGTH / QUEUED_BY_ONE) }, (_, index) =>
        insertMember(world.deps, actorNamed(`person-${index}`, { role: 'deployer', userId: world.deps.newId() })),
      ),
    )
    for (let index = 0; index < QUEUE_LENGTH; index += 1) {
      await world.queue(world.requestFor(surface, { ref: `ref-${index}` }), people[Math.floor(index / QUEUED_BY_ONE)])
    }
    await expect(world.queue(world.requestFor(surface, { ref: 'one-too-many' }))).rejects.toMatchObject({
      code: 'queue_refused',
    })
    await world.deps.db.surface.update({ where: { id: surface.id }, data: { requiresApproval: true } })
    await expect(world.queue(world.requestFor(surface, { ref: 'approved' }))).rejects.toMatchObject({
      code: 'approval_required',
      message: expect.stringContaining('Request an approval instead'),
    })
  })

  it('without the wish to queue is refused as before', async () => {
    const { surface, ahead } = await world.busy()
    await expect(world.send(world.requestFor(surface))).rejects.toMatchObject({
      code: 'surface_busy',
      details: { deploy_id: ahead },
    })
  })
})

describe('a newer request of the same ref', () => {
  it('replaces the older one of the same person, and both say so', async () => {
    const { surface, queued: older } = await world.waiting()
    await world.queue(world.requestFor(surface, { ref: 'other' }))
    const newer = await world.queue(world.requestFor(surface, { ref: 'release' }))
    expect(newer).toMatchObject({ position: 2 })
    expect(await world.seen(older.id)).toMatchObject({
      state: 'replaced',
      replacedById: newer.id,
      end: { by: 'bob' },
      position: null,
    })
    const rows = (await world.auditOf(surface.id)).slice(-2)
    expect(rows).toMatchObject([
      { action: 'console.queue.replaced', actor: 'bob', payload: { queued_id: older.id, replaced_by: newer.id } },
      { action: 'console.queue.requested', actor: 'bob', payload: { queued_id: newer.id, replaces: older.id } },
    ])
  })

  it('leaves a request of somebody else waiting', async () => {
    const { surface, queued } = await world.waiting()
    await world.queue(world.requestFor(surface, { ref: 'release' }), world.ada)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', position: 1 })
  })

  it('is refused as the fourth that one person queues at a surface', async () => {
    const { surface } = await world.busy()
    for (const ref of ['one', 'two', 'three']) await world.queue(world.requestFor(surface, { ref }))
    await world.queue(world.requestFor(surface, { ref: 'three' }))
    await expect(world.queue(world.requestFor(surface, { ref: 'four' }))).rejects.toMatchObject({
      code: 'queue_refused',
      message: expect.stringContaining('3 of your requests wait'),
    })
    await world.queue(world.requestFor(surface, { ref: 'four' }), world.ada)
  })

  it('leaves one of them waiting, however many are sent at once', async () => {
    const { surface } = await world.busy()
    await Promise.all(Array.from({ length: 5 }, () => world.queue(world.requestFor(surface), world.bob)))
    const rows = await world.deps.db.queuedRequest.findMany({ where: { surfaceId: surface.id } })
    expect(rows.map(({ state }) => state).toSorted()).toEqual([
      'replaced',
      'replaced',
      'replaced',
      'replaced',
      'waiting',
    ])
  })
})

describe('a request leaves the queue', () => {
  it('when its requester withdraws it, and nobody else but an approver can', async () => {
    const { surface, queued } = await world.waiting()
    await expect(withdrawQueued(world.deps, world.ada, queued.id)).rejects.toMatchObject({ code: 'permission_refused' })
    const withdrawn = await withdrawQueued(world.deps, world.bob, queued.id)
    expect(withdrawn).toMatchObject({ state: 'withdrawn', end: { by: 'bob' }, withdrawable: false })
    expect(await withdrawQueued(world.deps, world.bob, queued.id)).toEqual(withdrawn)
    await expect(withdrawQueued(world.deps, world.grace, queued.id)).rejects.toMatchObject({ code: 'queued_over' })
    const other = await world.queue(world.requestFor(surface))
    expect(await withdrawQueued(world.deps, world.grace, other.id)).toMatchObject({ end: { by: 'grace' } })
    const actions = (await world.auditOf(surface.id)).map(({ action, actor }) => `${action} ${actor}`)
    expect(actions.filter((text) => text.includes('withdrawn'))).toEqual([
      'console.queue.withdrawn bob',
      'console.queue.withdrawn grace',
    ])
  })

  it('when its hour is over, which is said before the worker records it', async () => {
    const { surface, queued } = await world.waiting()
    const later = world.later(61)
    const [tile] = await listTiles(later, [surface.id])
    expect(tile?.queue.waiting).toEqual([])
    await expect(withdrawQueued(later, world.bob, queued.id)).rejects.toMatchObject({ code: 'queued_over' })
    await Promise.all([watchQueues(later), watchQueues(later)])
    expect(await world.seen(queued.id)).toMatchObject({ state: 'expired', end: { by: 'console' } })
    expect((await world.auditOf(surface.id)).filter(({ action }) => action === 'console.queue.expired')).toHaveLength(1)
  })
})

it('a request that has ended is deleted after 30 days, and what waits never is', async () => {
  const { surface, queued } = await world.waiting()
  const { db } = world.deps
  const row = await db.queuedRequest.findUniqueOrThrow({ where: { id: queued.id } })
  const endedDaysAgo = async (days: number) => {
    const at = new Date(Date.now() - days * 24 * 3_600_000)
    const times = { requestedAt: at, expiresAt: new Date(at.getTime() + 3_600_000), endedAt: at, endedBy: 'bob' }
    const id = world.deps.newId()
    await db.queuedRequest.create({
      data: { ...row, ...times, id, idempotencyKey: id, askedInputs: {}, state: 'withdrawn' },
    })
    return id
  }
  const [, young] = [await endedDaysAgo(31), await endedDaysAgo(29)]
  await deleteOldRecords(world.deps, new AbortController().signal)
  const left = await db.queuedRequest.findMany({ where: { surfaceId: surface.id }, orderBy: { id: 'asc' } })
  expect(left.map(({ id }) => id)).toEqual([queued.id, young])
})

it('the end of a deploy queues the next turn in its own transaction, and only if somebody waits', async () => {
  const turns = async () => (await queuedJobs(world.deps)).filter(({ task }) => task === 'take_turn')
  const end = (deployId: string, surfaceId: string) =>
    world.deps.db.$transaction((tx) =>
      advanceDeploy(tx, {
        deployId,
        surfaceId,
        to: 'failed',
        actor: 'console',
        at: new Date(),
        event: {
          action: 'console.deploy.dispatch_refused',
          status: 'failed',
          payload: { http_status: 422, reason: '' },
        },
      }),
    )
  const { surface, ahead } = await world.waiting()
  await world.deps.db.$executeRaw`DELETE FROM graphile_worker._private_jobs`
  const alone = await world.busy()
  await end(alone.ahead, alone.surface.id)
  expect(await turns()).toEqual([])
  await end(ahead, surface.id)
  expect(await turns()).toMatchObject([{ key: `take_turn:${surface.id}` }])
})

it('the database refuses another end, another request, and a deploy that was not asked for', async () => {
  const { queued } = await world.waiting()
  const { db } = world.deps
  const change = (data: object) => db.queuedRequest.update({ where: { id: queued.id }, data })
  const ended = { endedAt: new Date(), endedBy: 'console' }
  await expect(change({ sha: 'b'.repeat(40) })).rejects.toThrow(/cannot change/)
  const other = await world.busy()
  await expect(change({ ...ended, state: 'deployed', deployId: other.ahead })).rejects.toThrow(/is not what/)
  await change({ ...ended, state: 'withdrawn' })
  await expect(change({ state: 'waiting', endedAt: null, endedBy: null })).rejects.toThrow(/it stays withdrawn/)
  const row = await db.queuedRequest.findUniqueOrThrow({ where: { id: queued.id } })
  const long = { expiresAt: new Date(row.requestedAt.getTime() + 61 * 60_000), idempotencyKey: 'another-key' }
  const again = { ...row, ...long, id: world.deps.newId(), askedInputs: {} }
  await expect(db.queuedRequest.create({ data: again })).rejects.toThrow(/queued_requests_expiry_check/)
})
