import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { getApproval, listApprovals } from '~/server/approvals/approval-view'
import { withdrawApproval } from '~/server/approvals/close-approval'
import { grantApproval } from '~/server/approvals/grant-approval'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { authenticateToken } from '~/server/tokens/authenticate-token'
import { createToken, revokeToken } from '~/server/tokens/manage-tokens'
import { restClient } from '~test/support/rest-client'
import { insertMember } from '~test/support/token-owners'
import { type ApprovalWorld, createApprovalWorld } from './approval-world'

// A request made with a token belongs to the token's owner, and never reaches further than the token.

let world: ApprovalWorld
beforeAll(async () => {
  world = await createApprovalWorld()
  await world.newSurface(60, 'staging')
  await world.newSurface(60, 'production')
})
beforeEach(() => world.reset())
afterAll(() => world.close())

/** A deployer with a token of this label, and the actor that the token is. */
async function tokenOf(email: string, environments = ['production'], label = 'ci') {
  const { deps } = world
  const known = await deps.db.user.findUnique({ where: { email }, select: { id: true } })
  const owner: Actor =
    known === null
      ? await insertMember(deps, email, { role: 'deployer' })
      : { ...world.ada, name: email, userId: known.id }
  const { secret, token } = await createToken(deps, owner, {
    label,
    permissions: ['deploy.dispatch'],
    environments,
    surfaces: null,
    expiresInDays: 1,
  })
  const actor = await authenticateToken(deps, new Headers({ authorization: `Bearer ${secret}` }))
  if (actor === null) throw new Error('the token was not accepted')
  return { owner, actor, secret, token }
}

const refusedRequester = { code: 'requester_refused' }

describe('a request made with a token that no longer works', () => {
  it('a request of a revoked token cannot be approved, and keeps waiting', async () => {
    const { owner, actor, token } = await tokenOf('leaked@example.com')
    const surface = await world.newSurface()
    const { id } = await world.ask(world.requestFor(surface), actor)
    await revokeToken(world.deps, owner, token.id)
    await expect(grantApproval(world.deps, world.grace, id)).rejects.toMatchObject(refusedRequester)
    expect(await getApproval(world.deps, world.grace, id)).toMatchObject({ state: 'waiting', deployId: null })
    expect(world.github.dispatches()).toEqual([])
  })

  it('a request of an expired or deleted token cannot be approved', async () => {
    const { actor, token } = await tokenOf('expired@example.com')
    const surface = await world.newSurface()
    const { id } = await world.ask(world.requestFor(surface), actor)
    const where = { id: token.id }
    await world.deps.db.apiToken.update({ where, data: { expiresAt: new Date(Date.now() - 1) } })
    await expect(grantApproval(world.deps, world.grace, id)).rejects.toMatchObject(refusedRequester)
    await world.deps.db.apiToken.delete({ where })
    await expect(grantApproval(world.deps, world.grace, id)).rejects.toMatchObject(refusedRequester)
    expect(world.github.dispatches()).toEqual([])
  })

  it('requests of a token’s owner in person, and of another token, can still be approved', async () => {
    const leaked = await tokenOf('careful@example.com')
    const kept = await tokenOf('careful@example.com', ['production'], 'kept')
    await revokeToken(world.deps, leaked.owner, leaked.token.id)
    for (const actor of [leaked.owner, kept.actor]) {
      const { id } = await world.ask(world.requestFor(await world.newSurface()), actor)
      expect(await grantApproval(world.deps, world.grace, id)).toMatchObject({ state: 'granted' })
    }
    expect(world.github.dispatches()).toHaveLength(2)
  })
})

it('a token limited to staging does not withdraw its owner’s request for production', async () => {
  const { owner, actor } = await tokenOf('sten@example.com', ['staging'])
  const { id } = await world.ask(world.requestFor(await world.newSurface()), owner)
  await expect(withdrawApproval(world.deps, actor, id)).rejects.toMatchObject({ code: 'permission_refused' })
  expect(await getApproval(world.deps, owner, id)).toMatchObject({ state: 'waiting' })
  const staging = await world.ask(world.requestFor(await world.newSurface(60, 'staging')), owner)
  expect(await withdrawApproval(world.deps, actor, staging.id)).toMatchObject({ state: 'withdrawn' })
})

describe('two tokens with one label', () => {
  it('an approver can tell two people’s tokens with one label apart on the grid, on the page, over REST and in the audit trail', async () => {
    const [one, two] = [await tokenOf('one@example.com'), await tokenOf('two@example.com')]
    const surface = await world.newSurface()
    const first = await world.ask(world.requestFor(surface), one.actor)
    const second = await world.ask(world.requestFor(surface), two.actor)
    const { waiting } = await listApprovals(world.deps, world.grace, null)
    const shown = waiting.filter(({ surface: { id } }) => id === surface.id)
    expect(shown.map(({ requestedBy, requestedByOwner }) => [requestedBy, requestedByOwner])).toEqual([
      ['token:ci', 'one@example.com'],
      ['token:ci', 'two@example.com'],
    ])
    const tile = (await listTiles(world.deps)).find(({ id }) => id === surface.id)
    expect(tile?.waiting).toMatchObject({ requestedBy: 'token:ci', requestedByOwner: 'one@example.com' })
    const person = await world.ask(world.requestFor(surface))
    expect(await getApproval(world.deps, world.grace, person.id)).toMatchObject({ requestedByOwner: null })

    const rest = restClient(world.deps, async () => '')
    for (const [{ secret }, { id }, owner] of [
      [one, second, 'two@example.com'],
      [two, first, 'one@example.com'],
    ] as const) {
      await world.deps.db.apiToken.updateMany({ data: { permissions: ['deploy.read', 'deploy.dispatch'] } })
      const headers = { authorization: `Bearer ${secret}` }
      const answer = await rest.call('GET', `/api/internal/approvals/${id}`, { headers })
      expect(answer).toMatchObject({ status: 200, body: { requested_by: 'token:ci', requested_by_owner: owner } })
    }

    await grantApproval(world.deps, world.grace, second.id)
    await world.ask(world.requestFor(surface, { confirmation: 'wrong' }), one.actor).catch(() => undefined)
    const rows = (await world.auditOf(surface.id)).filter(({ payload }) => JSON.stringify(payload).includes('user_id'))
    const [a, b] = [{ user_id: one.owner.userId }, { user_id: two.owner.userId }]
    expect(rows).toMatchObject([
      { action: 'console.approval.requested', actor: 'token:ci', payload: a },
      { action: 'console.approval.requested', actor: 'token:ci', payload: b },
      { action: 'console.approval.granted', actor: 'grace', payload: { ...b, requested_by: 'token:ci' } },
      { action: 'console.deploy.requested', actor: 'token:ci', payload: b },
      { action: 'console.deploy.dispatch_rejected', actor: 'token:ci', payload: a },
    ])
  })

  it('two tokens with one label and one idempotency key get an approval each, and a repeated request gets its own', async () => {
    const [one, two] = [await tokenOf('key-one@example.com'), await tokenOf('key-two@example.com')]
    const surface = await world.newSurface()
    const input = world.requestFor(surface, { idempotencyKey: randomUUID() })
    const [first, second] = [await world.ask(input, one.actor), await world.ask(input, two.actor)]
    expect(second.id).not.toBe(first.id)
    expect(await world.ask(input, one.actor)).toMatchObject({ id: first.id, requestedByOwner: 'key-one@example.com' })
    expect(await world.ask(input, two.actor)).toMatchObject({ id: second.id, requestedByOwner: 'key-two@example.com' })
  })
})

it('two people who use one idempotency key get an approval each', async () => {
  const input = world.requestFor(await world.newSurface())
  const eve = await insertMember(world.deps, 'eve@example.com', { role: 'deployer' })
  const [first, second] = [await world.ask(input), await world.ask(input, eve)]
  expect(second.id).not.toBe(first.id)
  expect([first.requestedBy, second.requestedBy]).toEqual(['ada', 'eve@example.com'])
  expect(await world.ask(input, eve)).toMatchObject({ id: second.id })
})
