import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { listDecidable } from '~/server/approvals/approval-view'
import { refuseApproval } from '~/server/approvals/close-approval'
import { actorNamed } from '~test/support/actors'
import { createApprovalWorld } from './approval-world'

let world: Awaited<ReturnType<typeof createApprovalWorld>>
beforeAll(async () => {
  world = await createApprovalWorld()
})
afterAll(() => world.close())

const idsFor = async (actor: Actor, deps = world.deps) => (await listDecidable(deps, actor)).newest.map(({ id }) => id)

describe('the count of approvals', () => {
  it('counts for an approver each request that waits, the newest first, and not what is decided or expired', async () => {
    const { grace, waiting, later, deps } = world
    const first = (await waiting()).approval
    const second = (await waiting()).approval
    expect(await idsFor(grace)).toEqual([second.id, first.id])
    expect((await listDecidable(deps, grace)).newest[0]).toEqual({
      id: second.id,
      surface: second.surface.name,
      requestedBy: 'ada',
      requestedByOwner: null,
    })
    await refuseApproval(deps, grace, { id: second.id, reason: 'Not on a Friday' })
    expect(await listDecidable(deps, grace)).toMatchObject({ count: 1, newest: [{ id: first.id }] })
    expect(await listDecidable(later(61), grace)).toEqual({ count: 0, newest: [] })
  })

  it('counts nothing for the requester, for a role that may not approve, and beyond the reader’s environments', async () => {
    const { ada, grace, waiting } = world
    const { approval } = await waiting()
    expect(await idsFor(grace)).toContain(approval.id)
    expect(await idsFor({ ...ada, role: 'approver' })).toEqual([])
    expect(await idsFor(actorNamed('vera', { role: 'viewer' }))).toEqual([])
    expect(await idsFor({ ...grace, environments: ['staging'] })).toEqual([])
  })
})
