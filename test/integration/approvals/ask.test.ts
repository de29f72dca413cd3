import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { grantApproval } from '~/server/approvals/grant-approval'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { lockSurface, openFreeze } from '~/server/freezes/change-freezes'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { insertSurface } from '~test/support/console'
import { SHA } from '~test/support/scripted-github'
import { type ApprovalWorld, createApprovalWorld } from './approval-world'

let world: ApprovalWorld
beforeAll(async () => {
  world = await createApprovalWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

describe('requesting a deploy of a surface that needs approval', () => {
  it('a deploy that needs approval waits, dispatches nothing, and is audited with its requester', async () => {
    const { surface, approval } = await world.waiting({ reason: 'Release 42' })
    expect(approval).toMatchObject({
      state: 'waiting',
      surface: { id: surface.id },
      kind: 'deploy',
      ref: 'refs/heads/main',
      sha: SHA,
      reason: 'Release 42',
      requestedBy: 'ada',
      deployId: null,
      yours: true,
      decidable: false,
    })
    expect(Date.parse(approval.expiresAt) - Date.parse(approval.requestedAt)).toBe(3_600_000)
    expect(world.github.dispatches()).toEqual([])
    expect(await world.deploysOf(surface.id)).toEqual([])
    expect(await world.auditOf(surface.id)).toEqual([
      {
        action: 'console.approval.requested',
        actor: 'ada',
        deployId: null,
        payload: {
          approval_id: approval.id,
          kind: 'deploy',
          ref: 'refs/heads/main',
          sha: SHA,
          requested_by: 'ada',
          reason: 'Release 42',
          override_reason: null,
          expires_at: approval.expiresAt,
        },
      },
    ])
  })

  it('a deploy that an admin requests needs the approval of another person, too', async () => {
    const answer = await requestDeploy(world.deps, OPERATOR, world.requestFor(await world.newSurface()))
    expect(answer.outcome).toBe('approval')
  })

  it('a request without a reviewed commit is bound to the commit of the ref', async () => {
    const { expectedSha: _, ...input } = world.requestFor(await world.newSurface())
    expect(await world.ask(input)).toMatchObject({ ref: 'refs/heads/main', sha: SHA })
  })

  it('a request waits for as long as its surface declares', async () => {
    const approval = await world.ask(world.requestFor(await world.newSurface(5)))
    expect(Date.parse(approval.expiresAt) - Date.parse(approval.requestedAt)).toBe(300_000)
  })

  it('dispatching refuses a deploy that needs approval and has none', async () => {
    const input = world.requestFor(await world.newSurface())
    await expect(dispatchDeploy(world.deps, OPERATOR, input)).rejects.toMatchObject({ code: 'approval_required' })
    expect(world.github.dispatches()).toEqual([])
  })

  it('the database refuses an intent without the granted approval it needs', async () => {
    const { surface, approval } = await world.waiting()
    const row = intentOf(surface)
    const { db } = world.deps
    await expect(db.deploy.create({ data: row })).rejects.toThrow('takes no deploy without an approval')
    const waiting = db.deploy.create({ data: { ...row, approvalId: approval.id, approvedBy: 'grace' } })
    await expect(waiting).rejects.toThrow('was not granted for this deploy')
    const own = { state: 'granted', decidedBy: 'ada', decidedByUserId: world.ada.userId, decidedAt: new Date() }
    await expect(db.approval.update({ where: { id: approval.id }, data: own })).rejects.toThrow('second_person')
    const other = db.approval.update({ where: { id: approval.id }, data: { sha: 'b'.repeat(40) } })
    await expect(other).rejects.toThrow('what was asked for cannot change')
  })

  it('the database refuses the intent of a server that does not know what was filled in, or which ref the workflow runs from', async () => {
    const { db } = world.deps
    const surface = await world.newSurface()
    await db.surface.update({ where: { id: surface.id }, data: { dispatchAsk: ['region'] } })
    const { id: approvalId } = await world.ask(world.requestFor(surface, { inputs: { region: 'eu' } }))
    const granted = { decidedBy: 'grace', decidedByUserId: world.grace.userId, decidedAt: new Date() }
    await db.approval.update({ where: { id: approvalId }, data: { state: 'granted', ...granted } })
    const row = { ...intentOf(surface), ref: 'refs/heads/main', approvalId, approvedBy: 'grace' }
    for (const inputs of [undefined, {}, { region: 'us' }]) {
      const data = inputs === undefined ? row : { ...row, inputs }
      await expect(db.deploy.create({ data })).rejects.toThrow('was not granted for this deploy')
    }
    const chosen = await insertSurface(world.deps)
    await db.surface.update({ where: { id: chosen.id }, data: { onMoved: 'cancel' } })
    await expect(db.deploy.create({ data: intentOf(chosen) })).rejects.toThrow('runs its workflow from another ref')
    const data = { ...row, inputs: { region: 'eu', ref: SHA } }
    expect(await db.deploy.create({ data })).toMatchObject({ approvalId })
  })
})

describe('repeating a request with its idempotency key', () => {
  it('a repeated key and request get the waiting approval, then the deploy it became', async () => {
    const { input, approval } = await world.waiting()
    expect(await world.ask(input)).toMatchObject({ id: approval.id, state: 'waiting' })
    const { deployId } = await grantApproval(world.deps, world.grace, approval.id)
    expect(await requestDeploy(world.deps, world.ada, input)).toMatchObject({ outcome: 'deploy', id: deployId })
    expect(world.github.dispatches()).toHaveLength(1)
  })

  it('a key sent ten times at once makes one approval', async () => {
    const surface = await world.newSurface()
    const input = world.requestFor(surface)
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.ask(input)))
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    expect(await world.auditOf(surface.id)).toHaveLength(1)
  })

  it('a repeated key with another request is refused and audited', async () => {
    const { surface, input, approval } = await world.waiting()
    const other = world.ask({ ...input, reason: 'Something else' })
    await expect(other).rejects.toMatchObject({
      code: 'idempotency_mismatch',
      details: { approval_id: approval.id },
    })
    expect((await world.auditOf(surface.id)).at(-1)).toMatchObject({ action: 'console.deploy.dispatch_rejected' })
  })
})

describe('refusing a request for approval', () => {
  it.each([
    ['confirmation_mismatch', { confirmation: 'wrong' }],
    ['ref_moved', { expectedSha: 'b'.repeat(40) }],
  ])('a request for approval is refused with %s like a dispatch', async (code, overrides) => {
    const surface = await world.newSurface()
    await expect(world.ask(world.requestFor(surface, overrides))).rejects.toMatchObject({ code })
    expect(await world.deps.db.approval.count({ where: { surfaceId: surface.id } })).toBe(0)
    expect(await world.auditOf(surface.id)).toMatchObject([{ action: 'console.deploy.dispatch_rejected' }])
  })

  it('a request for approval is refused without the permission, and with a proof of identity older than 15 minutes', async () => {
    const input = world.requestFor(await world.newSurface())
    const elsewhere = actorNamed('eve', { environments: ['staging'] })
    await expect(world.ask(input, elsewhere)).rejects.toMatchObject({ code: 'permission_refused' })
    const stale = { ...world.ada, provedAt: new Date(Date.now() - 16 * 60_000) }
    await expect(world.ask(input, stale)).rejects.toMatchObject({ code: 'proof_stale' })
  })

  it('a request for approval is refused during a freeze or a lock unless it has an override', async () => {
    const surface = await world.newSurface()
    const { id } = await openFreeze(world.deps, OPERATOR, { environment: 'production', reason: 'Release week' })
    await expect(world.ask(world.requestFor(surface))).rejects.toMatchObject({ code: 'frozen' })
    const overrideFreeze = { reason: 'Fixes the outage' }
    const asDeployer = world.ask(world.requestFor(surface, { overrideFreeze }))
    await expect(asDeployer).rejects.toMatchObject({ code: 'permission_refused' })
    const approval = await world.ask(world.requestFor(surface, { overrideFreeze }), OPERATOR)
    expect(approval).toMatchObject({ overrideReason: 'Fixes the outage', overrideFreezeIds: [id] })
    const locked = await world.newSurface(60, 'staging')
    await lockSurface(world.deps, OPERATOR, { surfaceId: locked.id, reason: 'Being migrated' })
    await expect(world.ask(world.requestFor(locked))).rejects.toMatchObject({ code: 'surface_locked' })
  })
})

it('a deploy of a surface that needs no approval is dispatched at once', async () => {
  const answer = await requestDeploy(world.deps, world.ada, world.requestFor(await insertSurface(world.deps)))
  expect(answer).toMatchObject({ outcome: 'deploy', status: 'dispatched' })
})

/** The columns that a server of an older version writes. */
const intentOf = (surface: { id: string; environment: string; repository: string; workflow: string }) => ({
  id: world.deps.newId(),
  surfaceId: surface.id,
  environment: surface.environment,
  repository: surface.repository,
  workflow: surface.workflow,
  ref: 'main',
  workflowRef: 'main',
  sha: SHA,
  status: 'requested',
  requestedBy: 'ada',
  requestedByUserId: world.ada.userId,
  idempotencyKey: randomUUID(),
  requestDigest: 'd',
  phaseCallbacks: true,
  requestedAt: new Date(),
  lastEventAt: new Date(),
})
