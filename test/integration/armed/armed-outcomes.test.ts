import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { proofOfEvent } from '~/domain/audit/proof-of-event'
import { refuseApproval } from '~/server/approvals/close-approval'
import { requeueDelivery } from '~/server/deliveries/deliveries'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { stopWatch } from '~/server/deploys/watch/stop-watch'
import { lockSurface } from '~/server/freezes/change-freezes'
import { liftRollbackLock } from '~/server/freezes/lift-rollback-lock'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { type ArmedWorld, BAD, createArmedWorld, GOOD } from './armed-world'

// What is told of an armed rollback once it was decided, refused or disarmed.

let world: ArmedWorld
beforeAll(async () => {
  world = await createArmedWorld()
})
beforeEach(async () => {
  await world.deps.db.freeze.deleteMany()
})
afterAll(() => world.close())

/** GitHub refuses every dispatch during `work`. */
async function whileRefusing<T>(work: () => Promise<T>): Promise<T> {
  const { onDispatch } = world.github.script
  world.github.script.onDispatch = () => ({ status: 422, body: { message: 'no such ref' } })
  return work().finally(() => {
    world.github.script.onDispatch = onDispatch
  })
}

const locksOf = (surfaceId: string) =>
  world.deps.db.freeze.findMany({ where: { surfaceId, kind: 'lock', liftedAt: null } })

it('a rollback that GitHub refuses is offered with the reason, and leaves the surface unlocked', async () => {
  const { surfaceId, deployId } = await world.shipped('auto')
  await world.failThrice(surfaceId)
  await whileRefusing(() => world.start(deployId))
  const reason = expect.stringMatching(/^GitHub refused the rollback: .*no such ref/)
  expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered', rollbackDeployId: null, reason })
  expect(await locksOf(surfaceId)).toEqual([])
  const lifted = { surfaceId, action: 'console.freeze.lifted', actor: 'console' }
  expect(await world.deps.db.auditEvent.count({ where: lifted })).toBe(1)
  await world.start(deployId)
  expect(await world.rollbacksOf(surfaceId)).toHaveLength(1)
})

it('a person’s rollback that GitHub refuses leaves the surface unlocked too, but not from a lock that somebody made theirs', async () => {
  const { surfaceId, goodId } = await world.shipped(null)
  const request = () => ({
    ...world.requestOf(surfaceId, GOOD),
    ref: GOOD,
    source: { kind: 'rollback', deployId: goodId } as const,
  })
  await whileRefusing(() => requestDeploy(world.deps, world.ada, request()))
  expect(await locksOf(surfaceId)).toEqual([])
  const { id: deployId } = { id: '', ...(await requestDeploy(world.deps, world.ada, request())) }
  await world.deps.db.freeze.updateMany({ where: { surfaceId, liftedAt: null }, data: { reason: 'I look into it' } })
  await world.deps.db.$transaction((tx) => liftRollbackLock(tx, { deployId, surfaceId, at: world.deps.now() }))
  expect(await locksOf(surfaceId)).toMatchObject([{ reason: 'I look into it' }])
})

describe('a watch that is over', () => {
  it('is not disarmed by a later deploy or lock', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    world.passSeconds(86_400)
    await lockSurface(world.deps, world.grace, { surfaceId, reason: 'I look into it' })
    await world.deps.db.freeze.deleteMany()
    await world.ship(surfaceId, 'f'.repeat(40))
    expect(await world.watchOf(deployId)).toMatchObject({
      state: 'over',
      sentences: [expect.stringContaining('The console did not see the surface turn unhealthy.')],
    })
    expect(await world.actionsOf(deployId)).toEqual(['watched by console'])
  })

  it('of a deploy that failed is never shown', async () => {
    const { surfaceId } = await world.shipped('auto')
    const answer = await whileRefusing(() =>
      requestDeploy(world.deps, world.ada, world.requestOf(surfaceId, 'e'.repeat(40))),
    )
    await lockSurface(world.deps, world.grace, { surfaceId, reason: 'I look into it' })
    const failedId = answer.outcome === 'deploy' ? answer.id : ''
    expect(await world.watchOf(failedId)).toBeNull()
    expect(await world.actionsOf(failedId)).toEqual([])
  })
})

it('somebody may stop the console between the decision and the request, and not after it', async () => {
  const { surfaceId, deployId } = await world.shipped('auto')
  await world.failThrice(surfaceId)
  const { watch } = await stopWatch(world.deps, world.ada, deployId)
  expect(watch).toMatchObject({ state: 'disarmed', reason: 'Somebody stopped watching.' })
  await world.start(deployId)
  expect(await world.rollbacksOf(surfaceId)).toEqual([])

  const late = await world.shipped('auto')
  await world.failThrice(late.surfaceId)
  const { around } = world.github.script
  let refusal: unknown = null
  world.github.script.around = async (request, answer) => {
    if (request.path.endsWith('/dispatches'))
      refusal = await stopWatch(world.deps, world.ada, late.deployId).catch((error: unknown) => error)
    return around(request, answer)
  }
  await world.start(late.deployId)
  world.github.script.around = around
  expect(refusal).toMatchObject({ code: 'watch_over' })
  expect(await world.watchOf(late.deployId)).toMatchObject({ state: 'rolling_back' })
})

it('an older version leaves the message about an unhealthy surface alone, also when it is sent again', async () => {
  const { surfaceId, deployId } = await world.shipped('offer')
  await world.failThrice(surfaceId)
  const { db } = world.deps
  const [delivery] = await db.delivery.findMany({ where: { deployId, event: 'unhealthy' } })
  const id = delivery?.id ?? ''
  const tasksOf = () => db.$queryRaw`SELECT "task_identifier" FROM graphile_worker.jobs WHERE "key" LIKE ${`%:${id}`}`
  expect(await tasksOf()).toEqual([{ task_identifier: 'deliver_unhealthy' }])
  await db.delivery.update({ where: { id }, data: { state: 'failed' } })
  await db.$executeRaw`SELECT graphile_worker.remove_job(${`deliver_unhealthy:${id}`})`
  await db.$transaction((tx) => requeueDelivery(tx, id, world.deps.now()))
  expect(await tasksOf()).toEqual([{ task_identifier: 'deliver_unhealthy' }])
})

it.each([
  ['refused', 'The request was refused'],
  ['expired', 'The request expired'],
] as const)('an approval that was %s is not said to wait for another person', async (end, words) => {
  const { surfaceId, deployId } = await world.shipped('auto', { requiresApproval: true })
  await world.failThrice(surfaceId)
  await world.start(deployId)
  const before = await world.watchOf(deployId)
  expect(before?.sentences[1]).toContain('Another person decides.')
  const id = before?.approvalId ?? ''
  if (end === 'refused') await refuseApproval(world.deps, world.grace, { id, reason: 'No' })
  else world.passSeconds(86_400)
  expect((await world.watchOf(deployId))?.sentences[1]).toContain(words)
  const tile = (await listTiles(world.deps)).find((each) => each.id === surfaceId)
  expect(tile?.alarm).toContain(words)
})

it('the page of the deploy warns as long as the tile does', async () => {
  const { surfaceId, deployId } = await world.shipped('offer')
  await world.failThrice(surfaceId)
  expect((await getDeploy(world.deps, deployId)).alarms).toHaveLength(1)
  world.answer(surfaceId, { status: 200, version: BAD })
  await world.probe(surfaceId)
  expect((await getDeploy(world.deps, deployId)).alarms).toEqual([])
  expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered' })
})

it('the right that was lost while GitHub was asked is the deployer’s', async () => {
  const bad = 'a1'.padEnd(40, '0')
  const { surfaceId, deployId } = await world.shipped('auto', { bad })
  await world.failThrice(surfaceId, { status: 503, version: bad })
  const { around } = world.github.script
  world.github.script.around = async (request, answer) => {
    if (request.path.includes('/contents/'))
      await world.deps.db.member.update({ where: { userId: world.ada.userId }, data: { suspendedAt: new Date() } })
    return around(request, answer)
  }
  await world.start(deployId)
  world.github.script.around = around
  await world.deps.db.member.updateMany({ data: { suspendedAt: null } })
  expect(await world.watchOf(deployId)).toMatchObject({
    state: 'offered',
    reason: expect.stringMatching(/^ada, who deployed, may no longer deploy /),
  })
})

it('the proof of a disarmed watch names who or what disarmed it', () => {
  const proof = (actor: string, because: string) =>
    proofOfEvent({ action: 'console.rollback.disarmed', status: null, payload: { because }, actor })
  expect(proof('ada', 'stopped')).toBe('person')
  expect(proof('token:ci', 'newer_deploy')).toBe('token')
  expect(proof('console', 'locked')).toBe('console')
  expect(proof('console', 'other_version')).toBe('prober')
})

describe('a rollback that would add commits', () => {
  it('is a deploy: it needs the checklist, is armed as declared, and locks nothing', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.deps.db.surface.update({ where: { id: surfaceId }, data: { checklist: ['Support knows'] } })
    world.answer(surfaceId, { status: 200, version: GOOD })
    await world.probe(surfaceId)
    world.compare({ status: 'ahead', ahead_by: 1, behind_by: 0 })
    const request = () => ({
      ...world.requestOf(surfaceId, BAD),
      ref: BAD,
      source: { kind: 'rollback', deployId } as const,
    })
    const unticked = requestDeploy(world.deps, world.ada, request())
    await expect(unticked).rejects.toMatchObject({ code: 'checklist_incomplete' })
    const answer = await requestDeploy(world.deps, world.ada, { ...request(), checklist: ['Support knows'] })
    const id = answer.outcome === 'deploy' ? answer.id : ''
    expect(await world.deps.db.deploy.findUnique({ where: { id } })).toMatchObject({ kind: 'deploy', sourceId: null })
    expect(await world.watchOf(id)).toMatchObject({ mode: 'auto', state: 'armed' })
    expect(await locksOf(surfaceId)).toEqual([])
  })
})
