import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ARMED_ACTOR } from '~/domain/deploy/watch'
import { getApproval } from '~/server/approvals/approval-view'
import { grantApproval } from '~/server/approvals/grant-approval'
import { writeEvidence } from '~/server/deploys/evidence/write-evidence'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { stopWatch } from '~/server/deploys/watch/stop-watch'
import { lockSurface, openFreeze } from '~/server/freezes/change-freezes'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { type ArmedWorld, BAD, createArmedWorld, GOOD } from './armed-world'

let world: ArmedWorld
beforeAll(async () => {
  world = await createArmedWorld()
})
beforeEach(async () => {
  await world.deps.db.freeze.deleteMany()
  world.github.requests.length = 0
})
afterAll(() => world.close())

const tileOf = async (surfaceId: string) => (await listTiles(world.deps)).find(({ id }) => id === surfaceId)

describe('offer', () => {
  it('a surface that turns unhealthy within the watch is offered a rollback to the version that was healthy before', async () => {
    const { surfaceId, deployId, goodId } = await world.shipped('offer')
    expect(await world.watchOf(deployId)).toMatchObject({ mode: 'offer', state: 'watching', stoppable: true })
    await world.failThrice(surfaceId)
    const watch = await world.watchOf(deployId)
    expect(watch).toMatchObject({
      state: 'offered',
      detail: 'answers HTTP 503',
      target: { deployId: goodId, sha: GOOD, healthyAt: expect.any(String) },
      stoppable: false,
    })
    expect(watch?.sentences).toEqual([
      'The surface turned unhealthy 20 s after this deploy: answers HTTP 503.',
      expect.stringMatching(/^Roll back to 2b67698, healthy until \d\d:\d\d UTC\.$/),
    ])
    expect((await tileOf(surfaceId))?.alarm).toBe(watch?.sentences.join(' '))
    expect(await world.rollbacksOf(surfaceId)).toEqual([])
    expect(await world.actionsOf(deployId)).toEqual(['watched by console', 'offered by console'])
  })

  it('each channel is told once more about the deploy', async () => {
    const { surfaceId, deployId } = await world.shipped('offer')
    const { deps } = world
    const channels = await deps.db.deliveryChannel.count({ where: { disabledAt: null, removedAt: null } })
    expect(channels).toBeGreaterThan(0)
    await world.failThrice(surfaceId)
    await world.probe(surfaceId)
    expect(await deps.db.delivery.count({ where: { deployId, event: 'unhealthy' } })).toBe(channels)
  })

  it('a surface that answers nothing is offered a rollback only if another surface answers meanwhile', async () => {
    const { surfaceId, deployId } = await world.shipped('offer')
    await world.failThrice(surfaceId, 'nothing')
    await world.probe(surfaceId)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching' })
    const other = await world.shipped(null)
    await world.probe(surfaceId, 1)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered' })
    expect(other.surfaceId).not.toBe(surfaceId)
  })
})

describe('auto', () => {
  it('the console requests the rollback itself, and the surface is locked in its name', async () => {
    const { surfaceId, deployId, goodId } = await world.shipped('auto')
    await world.failThrice(surfaceId)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'starting' })
    await world.start(deployId)
    const [rollback] = await world.rollbacksOf(surfaceId)
    expect(rollback).toMatchObject({
      kind: 'rollback',
      sourceId: goodId,
      sha: GOOD,
      status: 'dispatched',
      requestedBy: ARMED_ACTOR,
      requestedByUserId: world.ada.userId,
      reason: 'The surface turned unhealthy after the deploy of d41c9e2: answers HTTP 503',
    })
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'rolling_back', rollbackDeployId: rollback?.id })
    expect(world.github.dispatchesOf(rollback?.id ?? '')).toBe(1)
    expect((await writeEvidence(world.deps, 'grace', deployId)).content['watch']).toMatchObject({
      mode: 'auto',
      state: 'rolling_back',
      detail: 'answers HTTP 503',
      target_sha: GOOD,
      rollback_deploy_id: rollback?.id,
    })
    const lock = await world.deps.db.freeze.findFirst({ where: { surfaceId, kind: 'lock' } })
    expect(lock).toMatchObject({
      reason: 'A rollback to 2b67698 was requested by the console',
      createdBy: ARMED_ACTOR,
      rollbackDeployId: rollback?.id,
      endsAt: null,
    })
    expect(await world.actionsOf(deployId)).toEqual([
      'watched by console',
      `armed by ${ARMED_ACTOR}`,
      `started by ${ARMED_ACTOR}`,
    ])
  })

  it('two workers that probe and run the job at once send one dispatch', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    world.answer(surfaceId, { status: 503, version: BAD })
    for (let count = 0; count < 3; count += 1)
      await Promise.all([world.probe(surfaceId, 5), world.probe(surfaceId, 5), world.probe(surfaceId, 0)])
    // Of probes at once, one counts.
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'starting' })
    await Promise.all([world.start(deployId), world.start(deployId), world.start(deployId)])
    expect(await world.rollbacksOf(surfaceId)).toHaveLength(1)
    expect(world.github.dispatches()).toHaveLength(3)
    expect(await world.deps.db.auditEvent.count({ where: { deployId, action: 'console.rollback.started' } })).toBe(1)
  })

  it('a worker that stops between the record and the dispatch leaves one deploy, which the repeated job finds', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId)
    const { deps } = world
    // The process stops before the outcome is recorded, after the request was sent.
    const stopping = { ...deps, db: failingAfterDispatch(deps.db, surfaceId) }
    await expect(world.start(deployId, stopping)).rejects.toThrow('stopped')
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'starting' })
    const [rollback] = await world.rollbacksOf(surfaceId)
    await world.start(deployId)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'rolling_back', rollbackDeployId: rollback?.id })
    expect(await world.rollbacksOf(surfaceId)).toHaveLength(1)
    expect(world.github.dispatchesOf(rollback?.id ?? '')).toBe(1)
  })

  it('the rollback is watched without acting by itself, and a person is asked if it turns unhealthy', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId)
    await world.start(deployId)
    const [rollback] = await world.rollbacksOf(surfaceId)
    const rollbackId = rollback?.id ?? ''
    await world.succeed(rollbackId)
    world.answer(surfaceId, { status: 200, version: GOOD })
    await world.probe(surfaceId)
    expect(await world.watchOf(rollbackId)).toMatchObject({ mode: 'offer', state: 'watching' })
    await world.failThrice(surfaceId, { status: 503, version: GOOD })
    expect(await world.watchOf(rollbackId)).toMatchObject({ mode: 'offer', state: 'offered' })
    await world.start(rollbackId)
    expect(await world.rollbacksOf(surfaceId)).toHaveLength(1)
  })

  it('a surface that requires approval gets a request, which somebody else than the deployer decides', async () => {
    const { surfaceId, deployId, goodId } = await world.shipped('auto', { requiresApproval: true })
    await world.failThrice(surfaceId)
    await world.start(deployId)
    const watch = await world.watchOf(deployId)
    expect(watch).toMatchObject({ state: 'approval', rollbackDeployId: null })
    const approvalId = watch?.approvalId ?? ''
    expect(await getApproval(world.deps, world.grace, approvalId)).toMatchObject({
      kind: 'rollback',
      sourceId: goodId,
      sha: GOOD,
      requestedBy: ARMED_ACTOR,
      decidable: true,
    })
    const approver = { ...world.ada, role: 'approver' as const }
    await expect(grantApproval(world.deps, approver, approvalId)).rejects.toMatchObject({
      code: 'approval_own',
      message: expect.stringContaining('because of your deploy'),
    })
    const { deployId: rollbackId } = await grantApproval(world.deps, world.grace, approvalId)
    const [rollback] = await world.rollbacksOf(surfaceId)
    expect(rollback).toMatchObject({ id: rollbackId, sha: GOOD, approvedBy: 'grace' })
  })

  it('a declaration that changed since the deploy disarms, and starts nothing', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.deps.db.surface.update({ where: { id: surfaceId }, data: { rollbackMode: 'offer' } })
    await world.failThrice(surfaceId)
    await world.start(deployId)
    const reason = expect.stringContaining('surfaces.yaml')
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'disarmed', reason })
    expect(await world.rollbacksOf(surfaceId)).toEqual([])
  })

  it('a declaration that changed between the decision and the request starts nothing', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId)
    await world.deps.db.surface.update({ where: { id: surfaceId }, data: { rollbackMode: 'offer' } })
    await world.start(deployId)
    const reason = expect.stringContaining('surfaces.yaml')
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered', reason })
    expect(await world.rollbacksOf(surfaceId)).toEqual([])
  })

  it.each([
    ['a failing answer without a version', { status: 502 }],
    ['no answer', 'nothing'],
  ] as const)('%s is no proof that the surface runs the deploy, so a person is asked', async (_, given) => {
    const other = await world.shipped(null)
    const { surfaceId, deployId } = await world.shipped('auto')
    world.answer(surfaceId, given)
    for (let count = 0; count < 3; count += 1) {
      await world.probe(other.surfaceId, 1)
      await world.probe(surfaceId)
    }
    expect(await world.watchOf(deployId)).toMatchObject({
      state: 'offered',
      reason: 'Not every answer of the surface was a server error that names this deploy’s commit.',
    })
  })

  it.each([
    [
      'a version that was not healthy right before',
      async ({ surfaceId }) => {
        const versions = [{ sha: GOOD, at: new Date(world.deps.now().getTime() - 3_600_000).toISOString() }]
        await world.deps.db.surface.update({ where: { id: surfaceId }, data: { healthyVersions: versions } })
      },
      'The surface was not seen healthy with 2b67698 right before this deploy.',
    ],
    [
      'a version that turned unhealthy itself',
      async ({ goodId }) => {
        const at = new Date(Date.now() - 60_000)
        const until = new Date(Date.now() + 60_000)
        await world.deps.db.$executeRaw`ALTER TABLE deploy_watches DISABLE TRIGGER USER`
        await world.deps.db.deployWatch.update({
          where: { deployId: goodId },
          data: { state: 'offered', healthyAt: at, until, turnedAt: new Date(Date.now()), detail: 'answers HTTP 500' },
        })
        await world.deps.db.$executeRaw`ALTER TABLE deploy_watches ENABLE TRIGGER USER`
      },
      'The surface turned unhealthy with 2b67698 too.',
    ],
  ] as const satisfies readonly (readonly [
    string,
    (shipped: { surfaceId: string; deployId: string; goodId: string }) => Promise<void>,
    string,
  ])[])('the console does not return to %s, and asks a person', async (_, prepare, reason) => {
    const shipped = await world.shipped('auto')
    await prepare(shipped)
    await world.failThrice(shipped.surfaceId)
    expect(await world.watchOf(shipped.deployId)).toMatchObject({ state: 'offered', reason })
    await world.start(shipped.deployId)
    expect(await world.rollbacksOf(shipped.surfaceId)).toEqual([])
  })

  it.each([
    [
      'a freeze is in force',
      () => openFreeze(world.deps, world.grace, { environment: 'production', reason: 'Release week' }),
      'Release week',
    ],
    [
      'GitHub does not prove that only commits are removed',
      () => world.compare(null),
      'It is not proven that 2b67698 only removes commits.',
    ],
    [
      'the target would add commits',
      () => world.compare({ status: 'diverged', ahead_by: 1, behind_by: 1 }),
      'It is not proven',
    ],
    [
      'the deployer lost the right to deploy',
      () => world.deps.db.member.update({ where: { userId: world.ada.userId }, data: { suspendedAt: new Date() } }),
      'may no longer deploy',
    ],
    ['the watch is over', () => world.passSeconds(600), 'The time of the watch was over'],
    ['the surface has recovered', 'recover', 'did not say that it is unhealthy'],
  ] as const)(
    'if %s, the console offers the rollback with the reason, and never tries again',
    async (_, prevent, reason) => {
      // A commit of its own for each case, as comparisons are kept for a while.
      const bad = randomUUID().replaceAll('-', '').padEnd(40, '0')
      const { surfaceId, deployId } = await world.shipped('auto', { bad })
      await world.failThrice(surfaceId, { status: 503, version: bad })
      if (prevent === 'recover') {
        world.answer(surfaceId, { status: 200, version: bad })
        await world.probe(surfaceId)
      } else await prevent()
      const before = world.github.dispatches().length
      await world.start(deployId)
      expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered', reason: expect.stringContaining(reason) })
      await world.deps.db.member.updateMany({ data: { suspendedAt: null } })
      await world.deps.db.freeze.deleteMany()
      await world.failThrice(surfaceId, { status: 503, version: bad })
      await world.start(deployId)
      expect(await world.rollbacksOf(surfaceId)).toEqual([])
      expect(world.github.dispatches()).toHaveLength(before)
      expect(await world.actionsOf(deployId)).toContain(`not_started by ${ARMED_ACTOR}`)
    },
  )
})

describe('what does not count', () => {
  it('fewer than three failing probes in a row, or three within less than 20 seconds', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    world.answer(surfaceId, { status: 503, version: BAD })
    for (let count = 0; count < 8; count += 1) await world.probe(surfaceId, 2)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching' })
    world.answer(surfaceId, { status: 200, version: BAD })
    await world.probe(surfaceId)
    world.answer(surfaceId, { status: 503, version: BAD })
    await world.probe(surfaceId)
    await world.probe(surfaceId)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching' })
  })

  it('an unhealthy surface that reports another commit', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId, { status: 503, version: GOOD })
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching' })
  })

  it('a probe after the end of the watch', async () => {
    const { surfaceId, deployId } = await world.shipped('auto', { minutes: 1 })
    world.answer(surfaceId, { status: 503, version: BAD })
    await world.probe(surfaceId, 25)
    await world.probe(surfaceId)
    await world.probe(surfaceId, 20)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'inconclusive' })
    expect(await world.deps.db.auditEvent.count({ where: { deployId, action: 'console.rollback.armed' } })).toBe(0)
  })

  it('a deploy that did not succeed, or is not proven to have shipped', async () => {
    const { surfaceId } = await world.shipped('auto')
    const next = await world.ship(surfaceId, 'e'.repeat(40))
    await world.deps.db.deploy.update({ where: { id: next }, data: { shipped: 'unknown' } })
    world.answer(surfaceId, { status: 200, version: 'e'.repeat(40) })
    await world.probe(surfaceId)
    expect(await world.watchOf(next)).toBeNull()
    expect(await world.actionsOf(next)).toEqual([])
  })

  it('a deploy that goes on, failed, or whose watch is over costs a probe no transaction', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    const { deps } = world
    let transactions = 0
    const counting = new Proxy(deps.db, {
      get: (target, name) => {
        if (name === '$transaction') transactions += 1
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    world.answer(surfaceId, { status: 503, version: BAD })
    world.passSeconds(600)
    await world.probe(surfaceId, 10, { ...deps, db: counting })
    expect(transactions).toBe(0)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'over' })
  })

  it('a surface that declares nothing has no watch', async () => {
    const { deployId } = await world.shipped(null)
    expect(await world.watchOf(deployId)).toBeNull()
  })
})

describe('disarmed', () => {
  it('by a newer deploy', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.ship(surfaceId, 'f'.repeat(40))
    await world.failThrice(surfaceId)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'disarmed', reason: 'A newer deploy was requested.' })
    expect(await world.rollbacksOf(surfaceId)).toEqual([])
  })

  it('by a lock, also if it was lifted since', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await lockSurface(world.deps, world.grace, { surfaceId, reason: 'I look into it' })
    await world.deps.db.freeze.deleteMany()
    await world.failThrice(surfaceId)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'disarmed', reason: 'The surface was locked.' })
    expect(await world.actionsOf(deployId)).toEqual(['watched by console', 'disarmed by grace'])
  })

  it('by a lock between the decision and the request', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId)
    await lockSurface(world.deps, world.grace, { surfaceId, reason: 'I look into it' })
    await world.start(deployId)
    expect(await world.watchOf(deployId)).toMatchObject({
      state: 'offered',
      reason: expect.stringContaining('I look into it'),
    })
    expect(await world.rollbacksOf(surfaceId)).toEqual([])
  })

  it('by somebody who stops watching, once and for all', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    const stopped = await stopWatch(world.deps, world.ada, deployId)
    expect(stopped.watch).toMatchObject({ state: 'disarmed', stoppable: false })
    expect(await stopWatch(world.deps, world.ada, deployId)).toEqual(stopped)
    await world.failThrice(surfaceId)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'disarmed' })
  })

  it('not by somebody who may not change the surface', async () => {
    const { deployId } = await world.shipped('auto')
    const elsewhere = { ...world.ada, environments: ['staging'] }
    await expect(stopWatch(world.deps, elsewhere, deployId)).rejects.toMatchObject({ code: 'permission_refused' })
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching' })
  })

  it('not once the surface has turned unhealthy', async () => {
    const { surfaceId, deployId } = await world.shipped('offer')
    await world.failThrice(surfaceId)
    await expect(stopWatch(world.deps, world.ada, deployId)).rejects.toMatchObject({ code: 'watch_over' })
  })

  it('by a person’s request for a rollback that waits for approval', async () => {
    const { surfaceId, deployId, goodId } = await world.shipped('auto')
    await world.deps.db.surface.update({ where: { id: surfaceId }, data: { requiresApproval: true } })
    const answer = await requestDeploy(world.deps, world.ada, {
      ...world.requestOf(surfaceId, GOOD),
      ref: GOOD,
      source: { kind: 'rollback', deployId: goodId },
    })
    expect(answer.outcome).toBe('approval')
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'disarmed', reason: 'A rollback waits for approval.' })
  })
})

/** A database that the process loses right after it recorded a dispatch. */
function failingAfterDispatch(db: ArmedWorld['deps']['db'], surfaceId: string): ArmedWorld['deps']['db'] {
  return new Proxy(db, {
    get(target, name, receiver) {
      if (name === '$transaction')
        return async (work: unknown, ...rest: unknown[]) => {
          const sent = await target.deploy.count({
            where: { surfaceId, requestedBy: ARMED_ACTOR, status: 'dispatched' },
          })
          if (sent > 0) throw new Error('stopped')
          return Reflect.apply(Reflect.get(target, name, receiver), target, [work, ...rest])
        }
      const value = Reflect.get(target, name, receiver)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
