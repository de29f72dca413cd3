import { afterAll, beforeAll, expect, it } from 'vitest'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { changeFreeze, lockSurface, unlockSurface } from '~/server/freezes/change-freezes'
import { actorNamed } from '~test/support/actors'
import { insertMember } from '~test/support/members'
import { type ArmedWorld, BAD, createArmedWorld } from './armed-world'

let world: ArmedWorld
beforeAll(async () => {
  world = await createArmedWorld()
})
afterAll(() => world.close())

/** ada's deploy turned its surface unhealthy, and the console rolled back. */
async function rolledBack() {
  const { surfaceId, deployId } = await world.shipped('auto')
  await world.failThrice(surfaceId)
  await world.start(deployId)
  const [rollback] = await world.rollbacksOf(surfaceId)
  if (rollback === undefined) throw new Error('the console did not roll back')
  await world.succeed(rollback.id)
  const lock = await world.deps.db.freeze.findFirstOrThrow({ where: { surfaceId, kind: 'lock' } })
  const liftedBy = async () => (await world.deps.db.freeze.findUniqueOrThrow({ where: { id: lock.id } })).liftedBy
  return { surfaceId, lock, liftedBy }
}

it('the person whose deploy the console rolled back removes its lock with a fresh proof, and does not pass it before', async () => {
  const { surfaceId, liftedBy } = await rolledBack()
  const again = requestDeploy(world.deps, world.ada, world.requestOf(surfaceId, BAD))
  await expect(again).rejects.toMatchObject({ code: 'surface_locked' })
  const stale = { ...world.ada, provedAt: new Date(world.deps.now().getTime() - 16 * 60_000) }
  await expect(unlockSurface(world.deps, stale, surfaceId)).rejects.toMatchObject({ code: 'proof_stale' })
  await unlockSurface(world.deps, world.ada, surfaceId)
  expect(await liftedBy()).toBe('ada')
})

it('nobody else with the role of a deployer removes it, no token of that person, and not once somebody made the lock theirs', async () => {
  const { surfaceId, lock, liftedBy } = await rolledBack()
  const bob = await insertMember(world.deps, actorNamed('bob', { role: 'deployer' }))
  const fresh = { provedAt: world.deps.now() }
  const token = { ...world.ada, ...fresh, name: 'token:ci', via: 'token' as const, tokenId: world.deps.newId() }
  const demoted = { ...world.ada, ...fresh, role: 'viewer' as const }
  const elsewhere = { ...world.ada, ...fresh, environments: ['staging'] }
  for (const actor of [{ ...bob, ...fresh }, token, demoted, elsewhere]) {
    await expect(unlockSurface(world.deps, actor, surfaceId)).rejects.toMatchObject({ code: 'permission_refused' })
  }
  const reason = `${lock.reason}. Do not unlock before the cause is understood`
  await changeFreeze(world.deps, world.grace, { id: lock.id, reason })
  await expect(unlockSurface(world.deps, world.ada, surfaceId)).rejects.toMatchObject({ code: 'permission_refused' })
  expect(await liftedBy()).toBeNull()
  await unlockSurface(world.deps, world.grace, surfaceId)
  expect(await liftedBy()).toBe('grace')
})

it('a token removes the lock that it set, with the permission for locks alone', async () => {
  const owner = await insertMember(world.deps, actorNamed('iris', { role: 'approver' }))
  const permissions = ['freeze.manage'] as const
  const token = { ...owner, name: 'token:incidents', via: 'token' as const, tokenId: world.deps.newId(), permissions }
  const { surfaceId } = await world.shipped('auto')
  await lockSurface(world.deps, { ...token, provedAt: null }, { surfaceId, reason: 'Incident', kind: 'lock' })
  await unlockSurface(world.deps, { ...token, provedAt: null }, surfaceId)
  const { liftedBy } = await world.deps.db.freeze.findFirstOrThrow({ where: { surfaceId } })
  expect(liftedBy).toBe('token:incidents')
})
