import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { actorNamed } from '~test/support/actors'
import { insertMember } from '~test/support/members'
import { approve, createFaultWorld, type FaultWorld } from './fault-world'

const TIMEOUT = 180_000

let world: FaultWorld
beforeAll(async () => {
  world = await createFaultWorld()
}, TIMEOUT)
afterAll(() => world.close(), TIMEOUT)

/** A member's request for approval, and a GitHub that kills the server when asked; with `accepts`, after it started the run. */
async function killDuringApproval(asker: string, accepts: boolean) {
  const surfaceId = await world.newSurface()
  await world.deps.db.surface.update({ where: { id: surfaceId }, data: { requiresApproval: true } })
  const ada = await insertMember(world.deps, actorNamed(asker, { role: 'deployer' }))
  const input = { surfaceId, ref: 'main', confirmation: surfaceId, idempotencyKey: randomUUID() }
  const asked = await requestDeploy(world.deps, ada, input)
  if (asked.outcome === 'deploy') throw new Error('The deploy was dispatched without an approval.')
  const server = await world.startServer()
  const kill = async () => {
    await server.kill()
    return 'hang up' as const
  }
  world.github.script.onDispatch = accepts ? world.model.accepting(kill) : kill
  await expect(approve(server, asked.approval.id)).rejects.toThrow()
  world.github.script.onDispatch = world.accept
  const intent = await world.intentOn(surfaceId)
  if (intent === null) throw new Error('The intent was lost.')
  const approval = await world.deps.db.approval.findUniqueOrThrow({ where: { id: asked.approval.id } })
  expect([approval.state, intent.approvalId, intent.status]).toEqual(['granted', approval.id, 'requested'])
  return { id: intent.id, approvalId: approval.id, surfaceId }
}

describe('kill -9 of the server during an approval', { timeout: TIMEOUT }, () => {
  it('after a kill before GitHub started a run, the approval is kept, another approval sends nothing, and the deploy times out', async () => {
    const { id, approvalId, surfaceId } = await killDuringApproval('ada', false)
    const server = await world.startServer()
    expect(await approve(server, approvalId)).toBe(202)
    await world.age([id], 31)
    await world.nextMinute()
    await world.until(id, 'timed_out')
    expect(await world.deps.db.deploy.count({ where: { surfaceId } })).toBe(1)
    expect(world.model.runsOf(id)).toHaveLength(0)
    await server.kill()
  })

  it('after a kill once GitHub started the run, the deploy follows that run, and another approval starts none', async () => {
    const { id, approvalId } = await killDuringApproval('eve', true)
    await world.age([id], 2)
    const server = await world.startServer()
    await world.until(id, 'dispatched')
    expect(await approve(server, approvalId)).toBe(202)
    expect(world.model.runsOf(id)).toHaveLength(1)
    await server.kill()
  })
})
