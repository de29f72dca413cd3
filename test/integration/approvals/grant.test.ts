import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { getApproval } from '~/server/approvals/approval-view'
import { grantApproval } from '~/server/approvals/grant-approval'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { listDeploys } from '~/server/deploys/read/list-deploys'
import { liftFreeze, lockSurface, openFreeze } from '~/server/freezes/change-freezes'
import { refreshDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { insertDeployAt, insertSurface } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { moveDeploy } from '~test/support/move-deploy'
import { SHA } from '~test/support/scripted-github'
import { type ApprovalWorld, createApprovalWorld } from './approval-world'

const MOVED = 'b'.repeat(40)
let world: ApprovalWorld
beforeAll(async () => {
  world = await createApprovalWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

/** The approval is refused, nothing is dispatched, the request still waits, and the audit trail says who tried and why not. */
async function expectNotGranted(
  { surface, approval }: Awaited<ReturnType<ApprovalWorld['waiting']>>,
  expected: object,
  by = world.grace,
) {
  await expect(grantApproval(world.deps, by, approval.id)).rejects.toMatchObject(expected)
  expect(world.github.dispatches()).toEqual([])
  expect(await world.deploysOf(surface.id)).toEqual([])
  expect((await world.deps.db.approval.findUniqueOrThrow({ where: { id: approval.id } })).state).toBe('waiting')
  expect((await world.auditOf(surface.id)).at(-1)).toMatchObject({
    action: 'console.approval.not_granted',
    actor: by.name,
    payload: { approval_id: approval.id, ...('code' in expected ? { code: expected.code } : {}) },
  })
}

describe('granting an approval', () => {
  it('an approval ships exactly the reviewed commit, and records the requester and the approver', async () => {
    const { surface, approval } = await world.waiting({ reason: 'Release 42' })
    const granted = await grantApproval(world.deps, world.grace, approval.id)
    expect(granted).toMatchObject({ state: 'granted', decision: { by: 'grace', reason: null }, yours: false })
    expect(world.github.dispatches().map(({ body }) => body)).toMatchObject([
      { inputs: { console_deploy_id: granted.deployId, ref: SHA } },
    ])
    const id = granted.deployId ?? ''
    const view = await getDeploy(world.deps, id)
    expect(view).toMatchObject({ status: 'dispatched', requestedBy: 'ada', approvedBy: 'grace', reason: 'Release 42' })
    expect(view.timeline[0]).toMatchObject({ actor: 'grace', note: 'Approved. Requested by ada.' })
    const { deploys } = await listDeploys(world.deps, { surfaceId: surface.id, cursor: null, limit: 10 })
    expect(deploys).toMatchObject([{ id, requestedBy: 'ada', approvedBy: 'grace' }])
    expect((await world.auditOf(surface.id)).map(({ action, actor, deployId }) => [action, actor, deployId])).toEqual([
      ['console.approval.requested', 'ada', null],
      ['console.approval.granted', 'grace', id],
      ['console.deploy.requested', 'ada', id],
      ['console.deploy.dispatched', 'ada', id],
    ])
  })

  it('an approved deploy sends the inputs that the surface declared at the request', async () => {
    const { surface } = await world.waiting()
    const dispatchInputs = { version: `\${sha}`, why: `\${reason}, \${requested_by}` }
    await world.deps.db.surface.update({ where: { id: surface.id }, data: { dispatchInputs } })
    const approval = await world.ask(world.requestFor(surface, { reason: 'Release 42' }))
    await grantApproval(world.deps, world.grace, approval.id)
    expect(world.github.dispatches().map(({ body }) => Object(body).inputs)).toEqual([
      { version: SHA, why: 'Release 42, ada' },
    ])
  })

  it('an approved deploy is sent exactly what its requester filled in, which the approver was shown', async () => {
    const { surface } = await world.waiting()
    const declared = { dispatchInputs: { version: `\${sha}` }, dispatchAsk: ['region'] }
    await world.deps.db.surface.update({ where: { id: surface.id }, data: declared })
    const file = 'on: { workflow_dispatch: { inputs: { version: {}, region: {}, dry_run: { type: boolean } } } }'
    const content = Buffer.from(file).toString('base64')
    world.github.script.onContents = () => ({ status: 200, body: { encoding: 'base64', content } })
    const asked = await world.ask(world.requestFor(surface, { inputs: { region: 'eu' } }))
    const shown = await getApproval(world.deps, world.grace, asked.id)
    expect(shown.inputs).toEqual([{ name: 'region', value: 'eu' }])
    await grantApproval(world.deps, world.grace, asked.id)
    expect(world.github.dispatches().map(({ body }) => Object(body).inputs)).toEqual([{ version: SHA, region: 'eu' }])
  })

  it('an approval is refused with surface_changed once the surface asks for other inputs', async () => {
    const surface = await world.newSurface()
    const declare = (dispatchAsk: string[]) =>
      world.deps.db.surface.update({ where: { id: surface.id }, data: { dispatchAsk } })
    await declare(['region'])
    const input = world.requestFor(surface, { inputs: { region: 'eu' } })
    const request = { surface, input, approval: await world.ask(input) }
    await declare(['region', 'dry_run'])
    await expectNotGranted(request, { code: 'surface_changed' })
  })

  it('an approval that is sent again gets the same deploy', async () => {
    const { approval } = await world.waiting()
    const first = await grantApproval(world.deps, world.grace, approval.id)
    expect(await grantApproval(world.deps, world.grace, approval.id)).toEqual(first)
    expect(world.github.dispatches()).toHaveLength(1)
  })
})

describe('the approver', () => {
  it.each([
    ['the same session', {}],
    ['a second session', { provedAt: new Date() }],
    ['another name of the same person', { name: 'ada@example.com' }],
    ['a token of the same person', { name: 'token:ci', via: 'token' as const, provedAt: null, role: 'admin' as const }],
  ])('a requester cannot approve through %s', async (_, disguise) => {
    const request = await world.waiting()
    await expectNotGranted(request, { code: 'approval_own' }, { ...world.ada, role: 'approver', ...disguise })
  })

  it('a requester who asked with a token cannot approve in person', async () => {
    const surface = await world.newSurface()
    const token = { ...world.ada, name: 'token:ci', via: 'token' as const, provedAt: null }
    const approval = await world.ask(world.requestFor(surface), token)
    await expect(grantApproval(world.deps, { ...world.ada, role: 'admin' }, approval.id)).rejects.toMatchObject({
      code: 'approval_own',
    })
  })

  it('an approval is refused without the permission for the surface, and with a proof of identity older than 15 minutes', async () => {
    const request = await world.waiting()
    const elsewhere = { ...world.grace, environments: ['staging'] }
    await expectNotGranted(request, { code: 'permission_refused' }, elsewhere)
    const otherSurface = { ...world.grace, surfaces: ['another'] }
    await expectNotGranted(request, { code: 'permission_refused' }, otherSurface)
    const stale = { ...world.grace, provedAt: new Date(Date.now() - 16 * 60_000) }
    await expectNotGranted(request, { code: 'proof_stale' }, stale)
  })
})

describe('the checks at the moment of the approval', () => {
  it('an approval is refused once the ref has moved, and names both commits', async () => {
    const request = await world.waiting()
    world.moveRef(MOVED)
    const details = { expected_sha: SHA, actual_sha: MOVED }
    await expectNotGranted(request, { code: 'ref_moved', message: /aaaaaaa.*bbbbbbb/, details })
  })

  it('an approval is refused while the surface runs another commit than at the review, and granted when it runs that commit again', async () => {
    const request = await world.waiting({ reviewedRunningSha: 'unknown' })
    expect(request.approval.expectedRunningSha).toBe('unknown')
    const runs = (runningSha: string | null) =>
      world.deps.db.surface.update({ where: { id: request.surface.id }, data: { runningSha } })
    await runs(MOVED)
    const details = { expected_running_sha: 'unknown', running_sha: MOVED }
    await expectNotGranted(request, { code: 'running_changed', message: /Nothing was deployed/, details })
    await runs(null)
    await grantApproval(world.deps, world.grace, request.approval.id)
  })

  it('an approval is refused when the ref is gone or GitHub does not answer', async () => {
    const request = await world.waiting()
    world.github.script.onCommit = () => ({ status: 404, body: { message: 'Not Found' } })
    await expectNotGranted(request, { code: 'ref_unknown' })
    world.github.script.onCommit = () => ({ status: 500, body: {} })
    await expectNotGranted(request, { code: 'github_unavailable' })
  })

  it('an approval is refused during a later freeze, and granted once the freeze is lifted', async () => {
    const request = await world.waiting()
    const { id } = await openFreeze(world.deps, OPERATOR, { environment: 'production', reason: 'Incident' })
    await expectNotGranted(request, { code: 'frozen', details: { freeze_id: id } })
    await liftFreeze(world.deps, OPERATOR, id)
    expect(await grantApproval(world.deps, world.grace, request.approval.id)).toMatchObject({ state: 'granted' })
  })

  it('an override covers the freezes of its request and no later one, and is recorded on the deploy', async () => {
    const hana = await insertMember(world.deps, actorNamed('hana', { role: 'approver' }))
    await openFreeze(world.deps, OPERATOR, { environment: 'production', reason: 'Release week' })
    const surface = await world.newSurface()
    const input = world.requestFor(surface, { overrideFreeze: { reason: 'Fixes the outage' } })
    const request = { surface, input, approval: await world.ask(input, hana) }
    const later = await openFreeze(world.deps, OPERATOR, { environment: 'production', reason: 'A new incident' })
    await expectNotGranted(request, { code: 'frozen', details: { freeze_id: later.id } })
    await liftFreeze(world.deps, OPERATOR, later.id)
    const { deployId } = await grantApproval(world.deps, world.grace, request.approval.id)
    expect(await getDeploy(world.deps, deployId ?? '')).toMatchObject({ overrideReason: 'Fixes the outage' })
  })

  it('an approval is refused while a deploy holds the surface, and names that deploy', async () => {
    const first = await world.waiting()
    const second = { ...first, approval: await world.ask(world.requestFor(first.surface)) }
    const { deployId } = await grantApproval(world.deps, world.grace, first.approval.id)
    const busy = grantApproval(world.deps, world.grace, second.approval.id)
    await expect(busy).rejects.toMatchObject({ code: 'surface_busy', details: { deploy_id: deployId } })
    expect(world.github.dispatches()).toHaveLength(1)
    expect((await world.deps.db.approval.findUniqueOrThrow({ where: { id: second.approval.id } })).state).toBe(
      'waiting',
    )
  })

  it.each([
    ['surface_archived', { archivedAt: new Date() }],
    ['surface_changed', { environment: 'staging' }],
    ['surface_changed', { repository: 'acme/other' }],
    ['surface_changed', { workflow: 'other.yml' }],
    ['surface_changed', { ref: 'release' }],
    ['surface_changed', { phaseJobs: { deploy: ['ship'] } }],
    ['surface_changed', { healthUrl: 'https://other.example.com/health' }],
    ['surface_changed', { dispatchInputs: { version: `\${ref_name}` } }],
  ])('an approval is refused with %s once the surface is declared differently', async (code, data) => {
    const request = await world.waiting()
    await world.deps.db.surface.update({ where: { id: request.surface.id }, data })
    await expectNotGranted(request, { code })
  })

  it('an approval is refused once its workflow file is another one', async () => {
    const show = (name: string) => {
      const content = Buffer.from(`name: ${name}\non: { workflow_dispatch: { inputs: { ref: {} } } }`).toString(
        'base64',
      )
      const sha = createHash('sha1').update(name).digest('hex')
      world.github.script.onContents = () => ({ status: 200, body: { encoding: 'base64', content, sha } })
    }
    show('reviewed')
    const request = await world.waiting()
    show('other')
    await expectNotGranted(request, { code: 'surface_changed' })
    world.github.script.onContents = () => ({ status: 502, body: {} })
    await expectNotGranted(request, { code: 'github_unavailable' })
  })

  it('an approval of an older version of the console, which kept less of what was reviewed, is refused', async () => {
    const { approval: newer, ...request } = await world.waiting()
    const {
      declaration: _,
      dispatchInputs: __,
      askedInputs: ___,
      ...kept
    } = await world.deps.db.approval.findUniqueOrThrow({
      where: { id: newer.id },
    })
    const older = { ...kept, id: world.deps.newId(), idempotencyKey: 'older', workflowFile: null }
    await world.deps.db.approval.create({ data: older })
    await expectNotGranted({ ...request, approval: { ...newer, id: older.id } }, { code: 'surface_changed' })
  })

  it.each([
    ['was suspended', { suspendedAt: new Date() }],
    ['became a viewer', { role: 'viewer' }],
    ['may deploy elsewhere only', { allEnvironments: false, environments: ['staging'] }],
  ])('an approval is refused once the requester %s', async (_, data) => {
    const request = await world.waiting()
    const where = { userId: world.ada.userId }
    await world.deps.db.member.update({ where, data })
    await expectNotGranted(request, { code: 'requester_refused', details: { requested_by: 'ada' } })
    const back = { suspendedAt: null, role: 'deployer', allEnvironments: true, environments: [] }
    await world.deps.db.member.update({ where, data: back })
  })

  it('an approval is refused during a later lock, and granted once the lock is lifted', async () => {
    const request = await world.waiting()
    const { id } = await lockSurface(world.deps, OPERATOR, { surfaceId: request.surface.id, reason: 'Migration' })
    await expectNotGranted(request, { code: 'surface_locked', details: { freeze_id: id } })
    await liftFreeze(world.deps, OPERATOR, id)
    expect(await grantApproval(world.deps, world.grace, request.approval.id)).toMatchObject({ state: 'granted' })
  })

  it('an approval is refused while the repository sets DEPLOY_FREEZE, and granted once it is cleared', async () => {
    const request = await world.waiting()
    const { onVariable } = world.github.script
    world.github.script.onVariable = () => ({ status: 200, body: { name: 'DEPLOY_FREEZE', value: 'Release week' } })
    await refreshDeployFreeze(world.deps, 'acme/platform')
    await expectNotGranted(request, { code: 'frozen', details: { origin: 'DEPLOY_FREEZE' } })
    world.github.script.onVariable = onVariable
    expect(await grantApproval(world.deps, world.grace, request.approval.id)).toMatchObject({ state: 'granted' })
  })

  it('an approval of a rollback is refused when the earlier deploy shipped another commit', async () => {
    const { id } = await insertSurface(world.deps)
    const surface = await world.deps.db.surface.findUniqueOrThrow({ where: { id } })
    const earlier = await dispatchDeploy(world.deps, world.ada, world.requestFor(surface))
    const setShippedCommit = (sha: string) =>
      world.deps.db.deploy.update({ where: { id: earlier.id }, data: { sha, shipped: 'yes' } })
    await moveDeploy(world.deps.db, earlier.id, 'succeeded')
    await setShippedCommit(SHA)
    await world.deps.db.surface.update({ where: { id }, data: { requiresApproval: true } })
    const rollback = { ref: SHA, source: { kind: 'rollback' as const, deployId: earlier.id } }
    const approval = await world.ask(world.requestFor(surface, rollback))
    await setShippedCommit(MOVED)
    await expect(grantApproval(world.deps, world.grace, approval.id)).rejects.toMatchObject({ code: 'source_refused' })
    expect(world.github.dispatches(), 'the earlier one').toHaveLength(1)
    await setShippedCommit(SHA)
    expect(await grantApproval(world.deps, world.grace, approval.id)).toMatchObject({
      kind: 'rollback',
      state: 'granted',
    })
  })

  it('an approval is refused when the requester is no member or may no longer override a freeze', async () => {
    const surface = await world.newSurface()
    const input = world.requestFor(surface)
    const stranger = { surface, input, approval: await world.ask(input, actorNamed('nobody')) }
    await expectNotGranted(stranger, { code: 'requester_refused' })
    await openFreeze(world.deps, OPERATOR, { environment: 'production', reason: 'Release week' })
    const overriding = world.requestFor(surface, { overrideFreeze: { reason: 'Fixes the outage' } })
    const asked = await world.ask(overriding, { ...world.ada, role: 'approver' })
    await expectNotGranted({ surface, input, approval: asked }, { code: 'requester_refused' })
  })
})

it('a waiting approval is refused after a deploy that needed none took the surface', async () => {
  const { surface, approval } = await world.waiting()
  const declare = (requiresApproval: boolean) =>
    world.deps.db.surface.update({ where: { id: surface.id }, data: { requiresApproval } })
  await declare(false)
  expect(await dispatchDeploy(world.deps, world.ada, world.requestFor(surface))).toMatchObject({ status: 'dispatched' })
  await declare(true)
  await expect(grantApproval(world.deps, world.grace, approval.id)).rejects.toMatchObject({ code: 'surface_busy' })
})

it('an approval is refused while an ended deploy still holds the surface, and the request still waits', async () => {
  const { surface, approval } = await world.waiting()
  const held = await insertDeployAt(world.deps, 'timed_out')
  await world.deps.db.deploy.update({ where: { id: held.id }, data: { surfaceId: surface.id, holdsSurface: true } })
  await expect(grantApproval(world.deps, world.grace, approval.id)).rejects.toMatchObject({
    code: 'surface_busy',
    details: { deploy_id: held.id },
  })
  expect(await world.deps.db.approval.findUnique({ where: { id: approval.id } })).toMatchObject({ state: 'waiting' })
})
