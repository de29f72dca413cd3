import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { lockSurface, openFreeze } from '~/server/freezes/change-freezes'
import { continueQueue } from '~/server/queue/continue-queue'
import { withdrawQueued } from '~/server/queue/leave-queue'
import { takeTurn } from '~/server/queue/take-turn'
import { createToken, revokeToken } from '~/server/tokens/manage-tokens'
import { runQueue } from '~test/support/run-queue'
import { SHA } from '~test/support/scripted-github'
import { createQueueWorld, type QueueWorld } from './queue-world'

let world: QueueWorld
beforeAll(async () => {
  world = await createQueueWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

describe('the turn of a queued request', () => {
  it('comes when the deploy ahead has succeeded: the reviewed commit ships under the same key', async () => {
    const { surface, ahead, input, queued } = await world.waiting({ reason: 'Release 42' })
    await takeTurn(world.deps, surface.id)
    expect(await world.deploysOf(surface.id), 'not while the deploy ahead is under way').toHaveLength(1)
    await world.end(ahead)
    await takeTurn(world.deps, surface.id)
    const { state, deployId, end } = await world.seen(queued.id)
    expect({ state, end }).toMatchObject({ state: 'deployed', end: { by: 'console' } })
    const view = await getDeploy(world.deps, deployId ?? '')
    expect(view).toMatchObject({
      status: 'dispatched',
      requestedBy: 'bob',
      ref: 'refs/heads/release',
      sha: SHA,
      reason: 'Release 42',
    })
    expect(view.timeline.map(({ note }) => note)).toContain('Its turn in the queue came, after less than a minute.')
    expect(world.github.dispatchesOf(deployId ?? '')).toBe(1)
    expect(await world.send(input), 'the requester’s own retry finds the deploy').toMatchObject({
      outcome: 'deploy',
      id: deployId,
    })
    expect((await world.auditOf(surface.id)).slice(-3)).toMatchObject([
      { action: 'console.deploy.requested', actor: 'bob', deployId },
      { action: 'console.queue.taken', actor: 'console', deployId, payload: { queued_id: queued.id } },
      { action: 'console.deploy.dispatched', actor: 'bob', deployId },
    ])
  })

  it('comes in the order of the requests, one at a time', async () => {
    const { surface, ahead, queued: first } = await world.waiting()
    const second = await world.queue(world.requestFor(surface, { ref: 'other' }), world.ada)
    await world.end(ahead)
    await takeTurn(world.deps, surface.id)
    await takeTurn(world.deps, surface.id)
    const { deployId } = await world.seen(first.id)
    expect(await world.seen(second.id)).toMatchObject({ state: 'waiting', position: 1, deployAhead: { id: deployId } })
    await world.end(deployId ?? '')
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(second.id)).toMatchObject({ state: 'deployed' })
  })

  it('does not compare what runs, because the deploy ahead was to change it', async () => {
    const { surface, ahead } = await world.busy()
    const queued = await world.queue(world.requestFor(surface, { ref: 'release', reviewedRunningSha: 'unknown' }))
    await world.end(ahead)
    await world.deps.db.deploy.update({ where: { id: ahead }, data: { shipped: 'yes' } })
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
  })

  it('counts the proof of identity that came with the request, and a new request needs a new one', async () => {
    const { surface, ahead, queued } = await world.waiting()
    await world.end(ahead)
    await takeTurn(world.later(50), surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
  })

  it('never comes after its hour', async () => {
    const { surface, ahead, queued } = await world.waiting()
    await world.end(ahead)
    await takeTurn(world.later(61), surface.id)
    expect(await world.deploysOf(surface.id)).toHaveLength(1)
    expect((await world.seen(queued.id)).deployId).toBeNull()
  })

  it('waits on while GitHub does not answer, and ends nothing', async () => {
    const { surface, ahead, queued } = await world.waiting()
    await world.end(ahead)
    world.github.script.onRef = () => ({ status: 502, text: 'Bad Gateway' })
    await expect(takeTurn(world.deps, surface.id)).rejects.toMatchObject({ code: 'github_unavailable' })
    expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting' })
  })
})

describe('a request that is refused at its turn', () => {
  type Waiting = Awaited<ReturnType<QueueWorld['waiting']>>
  const obstacles: Record<string, { code: string; arise: (waiting: Waiting) => Promise<unknown> }> = {
    'the ref has moved': { code: 'ref_moved', arise: async () => world.moveRef('b'.repeat(40)) },
    'the surface is locked': {
      code: 'surface_locked',
      arise: ({ surface }) => lockSurface(world.deps, world.grace, { surfaceId: surface.id, reason: 'Migration' }),
    },
    'the environment is frozen': {
      code: 'frozen',
      arise: () => openFreeze(world.deps, world.grace, { environment: 'production', reason: 'Weekend' }),
    },
    'the requester is suspended': {
      code: 'permission_refused',
      arise: () =>
        world.deps.db.member.update({ where: { userId: world.bob.userId }, data: { suspendedAt: new Date() } }),
    },
    'the requester is a viewer now': {
      code: 'permission_refused',
      arise: () => world.deps.db.member.update({ where: { userId: world.bob.userId }, data: { role: 'viewer' } }),
    },
    'the requester is limited to another environment now': {
      code: 'permission_refused',
      arise: () =>
        world.deps.db.member.update({
          where: { userId: world.bob.userId },
          data: { allEnvironments: false, environments: ['staging'] },
        }),
    },
    'the declaration has changed': {
      code: 'surface_changed',
      arise: ({ surface }) =>
        world.deps.db.surface.update({ where: { id: surface.id }, data: { healthUrl: 'https://other.example.com' } }),
    },
    'the surface needs approval now': {
      code: 'surface_changed',
      arise: ({ surface }) =>
        world.deps.db.surface.update({ where: { id: surface.id }, data: { requiresApproval: true } }),
    },
    'the surface is archived': {
      code: 'surface_archived',
      arise: ({ surface }) =>
        world.deps.db.surface.update({ where: { id: surface.id }, data: { archivedAt: new Date() } }),
    },
  }
  it.each(Object.keys(obstacles))('keeps the reason, and dispatches nothing, when %s', async (name) => {
    const obstacle = obstacles[name]
    if (obstacle === undefined) throw new Error(name)
    const waiting = await world.waiting()
    await world.end(waiting.ahead)
    await obstacle.arise(waiting)
    await takeTurn(world.deps, waiting.surface.id)
    const seen = await world.seen(waiting.queued.id)
    expect(seen).toMatchObject({
      state: 'refused',
      end: { by: 'console', reason: expect.stringMatching(/\S/) },
      deployId: null,
    })
    expect(await world.deploysOf(waiting.surface.id)).toHaveLength(1)
    expect(world.github.dispatches()).toHaveLength(1)
    expect((await world.auditOf(waiting.surface.id)).at(-1)).toMatchObject({
      action: 'console.queue.refused',
      payload: { code: obstacle.code, queued_id: waiting.queued.id },
    })
    // Nothing is dispatched after the refusal, whatever changes.
    await world.reset()
    await takeTurn(world.deps, waiting.surface.id)
    expect(world.github.dispatches()).toEqual([])
  })

  it('was sent with a token that is revoked now', async () => {
    const { surface, ahead } = await world.busy()
    const { secret: _, ...made } = await createToken(world.deps, world.bob, {
      label: 'ci',
      expiresInDays: 1,
      permissions: ['deploy.dispatch'],
      environments: ['production'],
      surfaces: null,
    })
    const { id: tokenId } = await world.deps.db.apiToken.findFirstOrThrow({ where: { label: 'ci' } })
    expect(made).toBeDefined()
    const token = { ...world.bob, name: 'token:ci', via: 'token' as const, provedAt: null, tokenId }
    const queued = await world.queue(world.requestFor(surface, { ref: 'release' }), token)
    expect(queued).toMatchObject({ requestedBy: 'token:ci', requestedByOwner: `${world.bob.userId}@example.com` })
    const other = await world.queue(world.requestFor(surface, { ref: 'other' }), token)
    await world.end(ahead)
    await takeTurn(world.deps, surface.id)
    const { deployId } = await world.seen(queued.id)
    expect(await world.deps.db.deploy.findUnique({ where: { id: deployId ?? '' } })).toMatchObject({
      requestedBy: 'token:ci',
    })
    await world.end(deployId ?? '')
    await revokeToken(world.deps, world.bob, tokenId)
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(other.id)).toMatchObject({ state: 'refused' })
  })

  it('lets the next request have its turn', async () => {
    const { surface, ahead, queued } = await world.waiting({ expectedSha: SHA })
    const next = await world.queue(world.requestFor(surface, { ref: 'other' }), world.ada)
    await world.end(ahead)
    await world.deps.db.member.update({ where: { userId: world.bob.userId }, data: { suspendedAt: new Date() } })
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'refused' })
    expect(await world.seen(next.id)).toMatchObject({ state: 'deployed' })
  })
})

describe('a queue that has stopped', () => {
  it.each([
    ['failed', 'The deploy ahead failed.'],
    ['timed_out', 'The deploy ahead timed out.'],
    ['cancelled', 'The deploy ahead was cancelled.'],
  ] as const)('stops after a deploy that %s, and goes on once somebody who may deploy says so', async (status, why) => {
    const { surface, ahead, queued } = await world.waiting()
    await world.end(ahead, status)
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({
      state: 'waiting',
      deployAhead: null,
      stop: { deployId: ahead, why },
    })
    expect((await getDeploy(world.deps, ahead)).queue?.stop).toEqual({ deployId: ahead, why })
    const decision = { surfaceId: surface.id, deployId: ahead }
    const stale = { ...world.ada, provedAt: new Date(Date.now() - 16 * 60_000) }
    await expect(continueQueue(world.deps, stale, decision)).rejects.toMatchObject({ code: 'proof_stale' })
    const elsewhere = { ...world.ada, environments: ['staging'] }
    await expect(continueQueue(world.deps, elsewhere, decision)).rejects.toMatchObject({ code: 'permission_refused' })
    await continueQueue(world.deps, world.ada, decision)
    await continueQueue(world.deps, world.ada, decision)
    const rows = (await world.auditOf(surface.id)).filter(({ action }) => action === 'console.queue.continued')
    expect(rows).toMatchObject([{ actor: 'ada', deployId: ahead, payload: { stood_at: status } }])
    await runQueue(world.deps)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
  })

  it('does not go on while the ended deploy holds the surface, nor by itself after its release', async () => {
    const { surface, ahead, queued } = await world.waiting()
    await world.end(ahead)
    const hold = (data: object) => world.deps.db.deploy.update({ where: { id: ahead }, data })
    await hold({ holdsSurface: true, lateRunId: 7n, lateRunAttempt: 1 })
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', deployAhead: { id: ahead } })
    const decision = { surfaceId: surface.id, deployId: ahead }
    await expect(continueQueue(world.deps, world.ada, decision)).rejects.toMatchObject({ code: 'surface_busy' })
    await hold({ holdsSurface: false })
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', stop: { deployId: ahead } })
    await continueQueue(world.deps, world.ada, decision)
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
  })

  it('is not continued after another deploy than the one that was shown', async () => {
    const { surface, ahead, queued } = await world.waiting()
    await world.end(ahead, 'failed')
    const direct = await world.deploy(world.requestFor(surface, { ref: 'hotfix' }))
    await expect(
      continueQueue(world.deps, world.ada, { surfaceId: surface.id, deployId: ahead }),
    ).rejects.toMatchObject({ code: 'queue_not_stopped' })
    await world.end(direct)
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id), 'the success of the direct deploy lets the queue go on').toMatchObject({
      state: 'deployed',
    })
  })

  it('stops again when GitHub refuses the dispatch of the request whose turn came', async () => {
    const { surface, ahead, queued } = await world.waiting()
    const next = await world.queue(world.requestFor(surface, { ref: 'other' }))
    await world.end(ahead)
    world.github.script.onDispatch = () => ({ status: 422, body: { message: 'No such workflow' } })
    await takeTurn(world.deps, surface.id)
    const { deployId } = await world.seen(queued.id)
    expect(await world.seen(next.id)).toMatchObject({ state: 'waiting', stop: { deployId } })
  })
})

describe('several workers', () => {
  it('dispatch a request once, however many take its turn at the same time', async () => {
    const { surface, ahead, queued } = await world.waiting()
    await world.queue(world.requestFor(surface, { ref: 'other' }))
    await world.end(ahead)
    world.github.requests.length = 0
    await Promise.all(Array.from({ length: 6 }, () => takeTurn(world.deps, surface.id)))
    expect(world.github.dispatches()).toHaveLength(1)
    expect(await world.deploysOf(surface.id)).toHaveLength(2)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
  })

  it('dispatch nothing of a request that is withdrawn at the same time, or its deploy once', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { surface, ahead, queued } = await world.waiting()
      await world.end(ahead)
      world.github.requests.length = 0
      const [, withdrawn] = await Promise.allSettled([
        takeTurn(world.deps, surface.id),
        withdrawQueued(world.deps, world.bob, queued.id),
      ])
      const { state } = await world.seen(queued.id)
      expect(state).toBe(withdrawn.status === 'fulfilled' ? 'withdrawn' : 'deployed')
      expect(world.github.dispatches()).toHaveLength(state === 'deployed' ? 1 : 0)
    }
  })

  it('leave a request waiting if another deploy of the surface starts first', async () => {
    const { surface, ahead, queued } = await world.waiting()
    await world.end(ahead)
    const [, direct] = await Promise.allSettled([
      takeTurn(world.deps, surface.id),
      world.deploy(world.requestFor(surface, { ref: 'hotfix' })),
    ])
    const { state } = await world.seen(queued.id)
    expect(state).toBe(direct.status === 'fulfilled' ? 'waiting' : 'deployed')
    expect(await world.deploysOf(surface.id)).toHaveLength(2)
  })
})

it('a crash after the claim leaves an intent that is never sent again', async () => {
  const { surface, ahead, queued } = await world.waiting()
  await world.end(ahead)
  world.github.script.onDispatch = () => 'hang up'
  await takeTurn(world.deps, surface.id)
  const { state, deployId } = await world.seen(queued.id)
  expect(state).toBe('deployed')
  expect(await getDeploy(world.deps, deployId ?? '')).toMatchObject({ status: 'requested' })
  await takeTurn(world.deps, surface.id)
  expect(world.github.dispatchesOf(deployId ?? '')).toBe(1)
})
