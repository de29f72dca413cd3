import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lockSurface } from '~/server/freezes/change-freezes'
import { continueQueue } from '~/server/queue/continue-queue'
import { takeTurn } from '~/server/queue/take-turn'
import { watchQueues } from '~/server/queue/watch-queues'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { insertSurface } from '~test/support/console'
import { commit, SHA } from '~test/support/scripted-github'
import { createQueueWorld, type QueueWorld } from './queue-world'

let world: QueueWorld
beforeAll(async () => {
  world = await createQueueWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

/** A surface with a deploy to return to. */
async function shippedBefore() {
  const { surface, ahead: good } = await world.busy()
  await world.end(good)
  await world.deps.db.deploy.update({ where: { id: good }, data: { shipped: 'yes' } })
  const source = { kind: 'rollback' as const, deployId: good }
  return { surface, back: world.requestFor(surface, { ref: SHA, expectedSha: SHA, source }) }
}

describe('a rollback', () => {
  it('stops the queue, and its lock refuses the turn of everybody, whoever set it', async () => {
    const { surface, back } = await shippedBefore()
    const bad = await world.deploy(world.requestFor(surface, { ref: 'bad' }), world.bob)
    const queued = await world.queue(world.requestFor(surface, { ref: 'release' }), world.bob)
    await world.end(bad, 'failed')
    const rollback = await world.deploy(back, world.bob)
    await world.end(rollback)
    await takeTurn(world.deps, surface.id)
    const why = 'The deploy ahead was a rollback.'
    expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', stop: { deployId: rollback, why } })
    await continueQueue(world.deps, world.ada, { surfaceId: surface.id, deployId: rollback })
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({
      state: 'refused',
      end: { reason: expect.stringContaining('locked') },
    })
  })

  it('starts as soon as the surface is free, also if it may queue and others wait', async () => {
    const { surface, back } = await shippedBefore()
    const bad = await world.deploy(world.requestFor(surface, { ref: 'bad' }), world.ada)
    await world.queue(world.requestFor(surface, { ref: 'release' }), world.bob)
    await world.end(bad, 'failed')
    expect(await world.send({ ...back, queue: true }, world.ada)).toMatchObject({ outcome: 'deploy' })
  })

  it('is never queued: the refusal says what to do', async () => {
    const { surface, back } = await shippedBefore()
    const bad = await world.deploy(world.requestFor(surface, { ref: 'bad' }), world.ada)
    await expect(world.send({ ...back, queue: true })).rejects.toMatchObject({
      code: 'surface_busy',
      details: { deploy_id: bad },
      message: expect.stringContaining('A rollback is not queued. Cancel that deploy, or wait until it has ended.'),
    })
    expect(await world.deps.db.queuedRequest.count({ where: { surfaceId: surface.id } })).toBe(0)
  })
})

it('a lock refuses to queue also the person who set it, as it would refuse the turn', async () => {
  const { surface } = await world.busy()
  await lockSurface(world.deps, world.ada, { surfaceId: surface.id, reason: 'Migration' })
  await expect(world.queue(world.requestFor(surface, { ref: 'next' }), world.ada)).rejects.toMatchObject({
    code: 'surface_locked',
  })
})

it('no turn comes while the surface is unhealthy after the deploy ahead', async () => {
  const { surface, ahead, queued } = await world.waiting()
  await world.end(ahead)
  await world.answers(surface.id, 'unhealthy')
  await takeTurn(world.deps, surface.id)
  const wait = 'The queue waits until the surface is healthy: it is unhealthy after the deploy ahead.'
  expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', stop: null, wait })
  // An answer from before the end of the deploy says nothing about it.
  const before = { healthCheckedAt: new Date(Date.now() - 3_600_000) }
  await world.deps.db.surface.update({ where: { id: surface.id }, data: before })
  expect(await world.seen(queued.id)).toMatchObject({ wait: null })
  await world.answers(surface.id, 'healthy')
  await takeTurn(world.deps, surface.id)
  expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
})

describe('behind a deploy with an armed rollback', () => {
  /** bob's request behind ada's ended deploy, which is watched for ten minutes. */
  async function watched(watch: object = {}) {
    const waiting = await world.waiting()
    const { ahead, surface } = waiting
    await world.end(ahead)
    const facts = { deployId: ahead, surfaceId: surface.id, kind: 'deploy', mode: 'auto', minutes: 10, declaration: '' }
    await world.deps.db.deployWatch.create({ data: { ...facts, ...watch } })
    return waiting
  }
  const minute = (minutes: number) => new Date(Date.now() + minutes * 60_000)
  const healthy = { state: 'watching', healthyAt: minute(0), until: minute(10) }
  const turned = { ...healthy, turnedAt: minute(1), detail: 'HTTP 503' }

  it.each([
    ['armed', {}],
    ['watching', healthy],
  ])('no turn comes while the watch is %s, and the watch stays', async (state, watch) => {
    const { surface, ahead, queued } = await watched(watch)
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({
      state: 'waiting',
      stop: null,
      wait: expect.stringMatching(/^The queue waits until \d\d:\d\d UTC: the deploy ahead is watched\.$/),
    })
    await expect(
      continueQueue(world.deps, world.ada, { surfaceId: surface.id, deployId: ahead }),
    ).rejects.toMatchObject({ code: 'queue_not_stopped', message: expect.stringContaining('is watched') })
    expect(await world.deps.db.deployWatch.findUnique({ where: { deployId: ahead } })).toMatchObject({ state })
  })

  it('the turn comes after the watch of a surface that was seen healthy', async () => {
    const { surface, queued } = await watched(healthy)
    await takeTurn(world.later(11), surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
  })

  it('the queue stops after the watch of a surface that was not seen healthy', async () => {
    const { surface, queued } = await watched()
    await takeTurn(world.later(11), surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting' })
    expect(await world.deploysOf(surface.id)).toHaveLength(1)
  })

  it('the queue stops when the surface has turned unhealthy, until somebody continues it', async () => {
    const { surface, ahead, queued } = await watched({ ...turned, state: 'offered' })
    await takeTurn(world.deps, surface.id)
    const why = 'The surface turned unhealthy after the deploy ahead.'
    expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', stop: { deployId: ahead, why } })
    await continueQueue(world.deps, world.ada, { surfaceId: surface.id, deployId: ahead })
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
  })

  it('no turn comes, and nobody continues, while the console starts a rollback', async () => {
    const { surface, ahead, queued } = await watched({
      ...turned,
      state: 'starting',
      targetId: world.deps.newId(),
      targetSha: SHA,
    })
    const wait = 'The queue waits: the console is starting a rollback.'
    expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', wait })
    await expect(
      continueQueue(world.deps, world.ada, { surfaceId: surface.id, deployId: ahead }),
    ).rejects.toMatchObject({ code: 'queue_not_stopped' })
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting' })
  })

  it('a surface that turns unhealthy while the request is checked takes the turn away', async () => {
    const { surface, ahead, queued } = await watched({ state: 'disarmed', reason: 'Somebody stopped watching.' })
    world.github.script.onCommit = async () => {
      await world.deps.db.surface.update({
        where: { id: surface.id },
        data: { health: 'unhealthy', healthCheckedAt: minute(1) },
      })
      return { status: 200, body: commit(SHA) }
    }
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting' })
    expect(await world.deploysOf(surface.id)).toMatchObject([{ id: ahead }])
  })
})

describe('a queue that waits for an unhealthy surface', () => {
  /** bob's request behind ada's deploy, which succeeded and left the surface unhealthy. */
  async function unhealthy() {
    const waiting = await world.waiting()
    await world.end(waiting.ahead)
    await world.answers(waiting.surface.id, 'unhealthy', 'answers HTTP 503')
    return { ...waiting, decision: { surfaceId: waiting.surface.id, deployId: waiting.ahead } }
  }
  const wait =
    'The queue waits until the surface is healthy: it is unhealthy after the deploy ahead (answers HTTP 503).'

  it('says so, and goes on once somebody with the rights for a stopped queue continues it', async () => {
    const { surface, ahead, queued, decision } = await unhealthy()
    expect(await world.seen(queued.id)).toMatchObject({ stop: null, wait, continueAfter: ahead })
    const stale = { ...world.ada, provedAt: new Date(Date.now() - 16 * 60_000) }
    await expect(continueQueue(world.deps, stale, decision)).rejects.toMatchObject({ code: 'proof_stale' })
    const elsewhere = { ...world.ada, environments: ['staging'] }
    await expect(continueQueue(world.deps, elsewhere, decision)).rejects.toMatchObject({ code: 'permission_refused' })
    await continueQueue(world.deps, world.ada, decision)
    await continueQueue(world.deps, world.ada, decision)
    const rows = (await world.auditOf(surface.id)).filter(({ action }) => action === 'console.queue.continued')
    expect(rows).toMatchObject([{ actor: 'ada', payload: { stood_at: 'succeeded', despite: wait } }])
    expect(await world.seen(queued.id)).toMatchObject({ wait: null, continueAfter: null })
    await takeTurn(world.deps, surface.id)
    expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
  })

  it('cannot be continued once the surface is healthy again, since it goes on by itself', async () => {
    const { surface, decision } = await unhealthy()
    await world.answers(surface.id, 'healthy')
    await expect(continueQueue(world.deps, world.ada, decision)).rejects.toMatchObject({ code: 'queue_not_stopped' })
  })
})

it('says what a promotion that is next waits for, and that nobody can continue it', async () => {
  const source = await insertSurface(world.deps, { environment: 'staging' })
  const running = (runningSha: string | null) =>
    world.deps.db.surface.update({ where: { id: source.id }, data: { runningSha } })
  await running(SHA)
  const { surface, ahead } = await world.busy()
  const queued = await world.queue(
    world.requestFor(surface, { ref: SHA, expectedSha: SHA, source: { kind: 'promotion', surfaceId: source.id } }),
  )
  expect(queued).toMatchObject({ kind: 'promotion', sourceId: source.id })
  await running(null)
  // While the deploy ahead is under way, the source is not what is waited for.
  expect(await world.seen(queued.id)).toMatchObject({ wait: null })
  await world.end(ahead)
  await takeTurn(world.deps, surface.id)
  const wait = `The queue waits until it is known which commit ${source.id} runs: a promotion from there is next.`
  const queue = { wait, continueAfter: null, waiting: [{ kind: 'promotion', sourceId: source.id }] }
  expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', wait, continueAfter: null })
  expect(await listTiles(world.deps, [surface.id])).toMatchObject([{ queue }])
})

it('the queue stops after a deploy that succeeded although somebody asked to cancel it', async () => {
  const { ahead, queued } = await world.waiting()
  await world.end(ahead)
  const asked = { cancelRequestedAt: new Date(), cancelRequestedBy: 'ada' }
  await world.deps.db.deploy.update({ where: { id: ahead }, data: asked })
  const why = 'Somebody asked to cancel the deploy ahead, and it succeeded.'
  expect(await world.seen(queued.id)).toMatchObject({ stop: { deployId: ahead, why } })
})

it('the queue stops after a deploy with an alarm', async () => {
  const { surface, ahead, queued } = await world.waiting()
  await world.end(ahead)
  const alarm = { action: 'console.deploy.runs_duplicated', status: null, payload: { run_ids: ['7', '8'] } }
  await world.deps.db.auditEvent.create({
    data: { ...alarm, at: new Date(), actor: 'console', deployId: ahead, surfaceId: surface.id },
  })
  await takeTurn(world.deps, surface.id)
  const stop = { deployId: ahead, why: 'The deploy ahead has an alarm.' }
  expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', stop })
})

it('a decision to continue does not cover a late run that is seen after it', async () => {
  const { surface, ahead, queued } = await world.waiting()
  await world.end(ahead, 'failed')
  await continueQueue(world.deps, world.bob, { surfaceId: surface.id, deployId: ahead })
  await world.deps.db.deploy.update({ where: { id: ahead }, data: { lateRunId: 77n, lateRunAttempt: 1 } })
  await takeTurn(world.deps, surface.id)
  expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', stop: { deployId: ahead } })
})

it('a decision to continue does not cover an alarm that is raised after it, and covers it once it is repeated', async () => {
  const { surface, ahead, queued } = await world.waiting()
  await world.end(ahead, 'failed')
  const alarm = (runs: string[]) =>
    world.deps.db.auditEvent.create({
      data: {
        ...{ action: 'console.deploy.runs_duplicated', payload: { run_ids: runs }, actor: 'console', at: new Date() },
        ...{ deployId: ahead, surfaceId: surface.id },
      },
    })
  const decide = () => continueQueue(world.deps, world.bob, { surfaceId: surface.id, deployId: ahead })
  await alarm(['7', '8'])
  await decide()
  expect(await world.seen(queued.id)).toMatchObject({ stop: null, wait: null })
  await alarm(['7', '8', '9'])
  await takeTurn(world.deps, surface.id)
  const why = 'The deploy ahead has an alarm since the queue was continued.'
  expect(await world.seen(queued.id)).toMatchObject({ state: 'waiting', stop: { deployId: ahead, why } })
  expect(await listTiles(world.deps, [surface.id])).toMatchObject([{ queue: { stop: { why } } }])
  await decide()
  await takeTurn(world.deps, surface.id)
  expect(await world.seen(queued.id)).toMatchObject({ state: 'deployed' })
})

it('a turn that fails for a while leaves no refusal in the audit trail, and keeps its growing pause', async () => {
  const { surface, ahead } = await world.waiting()
  await world.end(ahead)
  const { db } = world.deps
  world.github.script.onRef = () => ({ status: 502, text: 'Bad Gateway' })
  await expect(takeTurn(world.deps, surface.id)).rejects.toMatchObject({ code: 'github_unavailable' })
  expect((await world.auditOf(surface.id)).map(({ action }) => action)).not.toContain(
    'console.deploy.dispatch_rejected',
  )
  const key = `take_turn:${surface.id}`
  await db.$executeRaw`UPDATE graphile_worker._private_jobs SET attempts = 5, run_at = now() + interval '1 hour' WHERE key = ${key}`
  await watchQueues(world.deps)
  const jobs =
    await db.$queryRaw`SELECT attempts::int, run_at > now() AS later FROM graphile_worker._private_jobs WHERE key = ${key}`
  expect(jobs).toEqual([{ attempts: 5, later: true }])
})

it('a request whose session has ended is refused at its turn', async () => {
  const { surface, ahead } = await world.busy()
  const sessionId = world.deps.newId()
  const session = {
    id: sessionId,
    userId: world.bob.userId,
    token: sessionId,
    expiresAt: new Date(Date.now() + 3_600_000),
  }
  await world.deps.db.session.create({ data: { ...session, createdAt: new Date(), updatedAt: new Date() } })
  const queued = await world.queue(world.requestFor(surface, { ref: 'release' }), { ...world.bob, sessionId })
  await world.deps.db.session.deleteMany({ where: { userId: world.bob.userId } })
  await world.end(ahead)
  await takeTurn(world.deps, surface.id)
  expect(await world.seen(queued.id)).toMatchObject({
    state: 'refused',
    end: { reason: expect.stringContaining('ended the session in which it was queued') },
  })
})

it('a request whose requester lost access says so, in words about its turn', async () => {
  const { surface, ahead, queued } = await world.waiting()
  await world.end(ahead)
  await world.deps.db.member.update({ where: { userId: world.bob.userId }, data: { suspendedAt: new Date() } })
  await takeTurn(world.deps, surface.id)
  expect((await world.seen(queued.id)).end?.reason).toMatch(/^When its turn came, bob could no longer deploy /)
})
