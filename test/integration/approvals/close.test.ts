import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { getApproval, listApprovals } from '~/server/approvals/approval-view'
import { refuseApproval, withdrawApproval } from '~/server/approvals/close-approval'
import { grantApproval } from '~/server/approvals/grant-approval'
import { expireApprovals } from '~/server/approvals/waiting-approval'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { type ApprovalWorld, createApprovalWorld } from './approval-world'

let world: ApprovalWorld
beforeAll(async () => {
  world = await createApprovalWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

const last = async (surfaceId: string) => (await world.auditOf(surfaceId)).at(-1)

describe('refusing a request', () => {
  it('a refused request keeps its reason, ships nothing, and may be made anew', async () => {
    const { surface, input, approval } = await world.waiting()
    const refused = await refuseApproval(world.deps, world.grace, { id: approval.id, reason: 'Not on a Friday' })
    expect(refused).toMatchObject({ state: 'refused', decision: { by: 'grace', reason: 'Not on a Friday' } })
    expect(await last(surface.id)).toMatchObject({
      action: 'console.approval.refused',
      actor: 'grace',
      payload: { approval_id: approval.id, reason: 'Not on a Friday', requested_by: 'ada' },
    })
    const granting = grantApproval(world.deps, world.grace, approval.id)
    await expect(granting).rejects.toMatchObject({ code: 'approval_over', details: { state: 'refused' } })
    expect(await world.ask(input)).toMatchObject({ id: approval.id, state: 'refused' })
    expect(await world.ask({ ...input, idempotencyKey: randomUUID() })).toMatchObject({ state: 'waiting' })
    expect(world.github.dispatches()).toEqual([])
  })

  it('a request is refused neither by its requester nor by a person without the permission', async () => {
    const { approval } = await world.waiting()
    const refuse = (actor = world.grace) => refuseApproval(world.deps, actor, { id: approval.id, reason: 'No' })
    await expect(refuse({ ...world.ada, role: 'admin' })).rejects.toMatchObject({ code: 'approval_own' })
    await expect(refuse({ ...world.grace, environments: [] })).rejects.toMatchObject({ code: 'permission_refused' })
  })
})

describe('withdrawing a request', () => {
  it('only the requester can withdraw a request, and a withdrawn request cannot be approved', async () => {
    const { surface, approval } = await world.waiting()
    await expect(withdrawApproval(world.deps, world.grace, approval.id)).rejects.toMatchObject({
      code: 'permission_refused',
    })
    const withdrawn = await withdrawApproval(world.deps, world.ada, approval.id)
    expect(withdrawn).toMatchObject({ state: 'withdrawn', decision: { by: 'ada' } })
    expect(await withdrawApproval(world.deps, world.ada, approval.id)).toEqual(withdrawn)
    expect(await last(surface.id)).toMatchObject({ action: 'console.approval.withdrawn', actor: 'ada' })
    const granting = grantApproval(world.deps, world.grace, approval.id)
    await expect(granting).rejects.toMatchObject({ code: 'approval_over', message: /withdrawn by ada/ })
  })
})

describe('the expiry of a request', () => {
  it('an expired request cannot be approved, and the first attempt records the expiry', async () => {
    const { surface, approval } = await world.waiting()
    const later = world.later(60)
    expect(await getApproval(later, world.grace, approval.id)).toMatchObject({ state: 'expired', decidable: false })
    expect((await listApprovals(later, world.grace, null)).waiting.map(({ id }) => id)).not.toContain(approval.id)
    const fresh = { ...world.grace, provedAt: later.now() }
    await expect(grantApproval(later, fresh, approval.id)).rejects.toMatchObject({
      code: 'approval_over',
      details: { state: 'expired' },
    })
    expect((await world.auditOf(surface.id)).map(({ action, actor }) => [action, actor])).toEqual([
      ['console.approval.requested', 'ada'],
      ['console.approval.expired', 'console'],
      ['console.approval.not_granted', 'grace'],
    ])
    expect(world.github.dispatches()).toEqual([])
  })

  it('the worker closes an expired request once, however many replicas run, and leaves waiting ones', async () => {
    const { surface, approval } = await world.waiting()
    await expireApprovals(world.later(59))
    expect(await getApproval(world.deps, world.ada, approval.id)).toMatchObject({ state: 'waiting' })
    const later = world.later(61)
    await Promise.all([expireApprovals(later), expireApprovals(later), expireApprovals(later)])
    expect(await getApproval(world.deps, world.ada, approval.id)).toMatchObject({ state: 'expired', deployId: null })
    const actions = (await world.auditOf(surface.id)).map(({ action }) => action)
    expect(actions).toEqual(['console.approval.requested', 'console.approval.expired'])
  })
})

it('the list shows waiting requests by expiry, then decided ones, and marks what the reader may decide', async () => {
  const [soon, late] = [await world.newSurface(5), await world.newSurface(50)]
  const second = await world.ask(world.requestFor(late))
  const first = await world.ask(world.requestFor(soon))
  const page = await listApprovals(world.deps, world.grace, null)
  const ours = page.waiting.filter(({ id }) => id === first.id || id === second.id)
  expect(ours).toMatchObject([
    { id: first.id, yours: false, decidable: true },
    { id: second.id, yours: false, decidable: true },
  ])
  const mine = (await listApprovals(world.deps, world.ada, null)).waiting.find(({ id }) => id === first.id)
  expect(mine).toMatchObject({ yours: true, decidable: false })
  await withdrawApproval(world.deps, world.ada, first.id)
  const after = await listApprovals(world.deps, world.grace, null)
  expect(after.decided[0]).toMatchObject({ id: first.id, state: 'withdrawn' })
})

it('the grid shows the waiting request that expires first, and none once it is decided', async () => {
  const surface = await world.newSurface()
  const tile = async (deps = world.deps) => (await listTiles(deps)).find(({ id }) => id === surface.id)
  expect(await tile()).toMatchObject({ requiresApproval: true, waiting: null })
  const first = await world.ask(world.requestFor(surface))
  await world.ask(world.requestFor(surface))
  expect(await tile()).toMatchObject({
    waiting: {
      approvalId: first.id,
      requestedBy: 'ada',
      requestedByOwner: null,
      sha: first.sha,
      expiresAt: first.expiresAt,
    },
  })
  expect(await tile(world.later(61))).toMatchObject({ waiting: null })
  await withdrawApproval(world.deps, world.ada, first.id)
  expect((await tile())?.waiting?.approvalId).not.toBe(first.id)
})
