import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DispatchInput } from '~/domain/deploy/request'
import { getApproval } from '~/server/approvals/approval-view'
import { grantApproval } from '~/server/approvals/grant-approval'
import { writeEvidence } from '~/server/deploys/evidence/write-evidence'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { insertDeployAt, insertSurface } from '~test/support/console'
import { SHA } from '~test/support/scripted-github'
import { type ApprovalWorld, createApprovalWorld } from '../approvals/approval-world'

const LINES = ['Ask support', 'Try the migration']

let world: ApprovalWorld
beforeAll(async () => {
  world = await createApprovalWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

async function surfaceWith(checklist: string[]) {
  const { id } = await insertSurface(world.deps)
  return world.deps.db.surface.update({ where: { id }, data: { checklist } })
}

async function ship(input: DispatchInput): Promise<string> {
  const answer = await requestDeploy(world.deps, world.ada, input)
  if (answer.outcome !== 'deploy') throw new Error(`${answer.outcome} instead of a deploy`)
  return answer.id
}

describe('a surface with a checklist', () => {
  it.each([
    ['nothing is ticked', undefined, 'Ask support'],
    ['a line is missing', ['Ask support'], 'Try the migration'],
    ['a line is not declared', [...LINES, 'Ask sales'], 'Ask sales'],
    ['a line is ticked twice', [...LINES, 'Ask support'], 'Ask support'],
    ['a line is written in another way', ['Ask support.', 'Try the migration'], 'Ask support'],
  ])('refuses a deploy when %s, and records no deploy', async (_, checklist, line) => {
    const surface = await surfaceWith(LINES)
    await expect(ship(world.requestFor(surface, { checklist }))).rejects.toMatchObject({
      code: 'checklist_incomplete',
      message: expect.stringContaining('Nothing was deployed.'),
      details: { line },
    })
    expect(world.github.requests).toEqual([])
    expect(await world.deploysOf(surface.id)).toEqual([])
    expect((await world.auditOf(surface.id)).at(-1)).toMatchObject({
      action: 'console.deploy.dispatch_rejected',
      payload: { code: 'checklist_incomplete' },
    })
  })

  it('keeps what was ticked on the deploy, in the audit trail and in the evidence file', async () => {
    const surface = await surfaceWith(LINES)
    const review = await reviewDeploy(world.deps, { surfaceId: surface.id, ref: 'main' })
    expect(review.checklist).toEqual(LINES)
    const id = await ship(world.requestFor(surface, { checklist: LINES.toReversed(), basis: review.basis }))
    expect(await getDeploy(world.deps, id)).toMatchObject({ checklist: LINES })
    expect((await world.auditOf(surface.id)).at(0)).toMatchObject({
      action: 'console.deploy.requested',
      payload: { checklist: LINES },
    })
    await world.deps.db.deploy.update({ where: { id }, data: { status: 'cancelled', finishedAt: new Date() } })
    const { content } = await writeEvidence(world.deps, 'grace', id)
    expect(content.deploy).toMatchObject({ checklist: LINES })
  })

  it('answers a repetition with the same deploy, and refuses the same key with other lines', async () => {
    const surface = await surfaceWith(LINES)
    const input = world.requestFor(surface, { checklist: LINES })
    const id = await ship(input)
    expect(await ship(input)).toBe(id)
    await expect(ship({ ...input, checklist: ['Ask support'] })).rejects.toMatchObject({ code: 'idempotency_mismatch' })
  })

  it('refuses a deploy that was reviewed with another checklist', async () => {
    const surface = await surfaceWith(['Ask support'])
    const { basis } = await reviewDeploy(world.deps, { surfaceId: surface.id, ref: 'main' })
    await world.deps.db.surface.update({ where: { id: surface.id }, data: { checklist: LINES } })
    await expect(ship(world.requestFor(surface, { checklist: LINES, basis }))).rejects.toMatchObject({
      code: 'surface_changed',
    })
  })

  it('needs no tick for a rollback, and keeps ticks of a rollback only as declared', async () => {
    const { id: earlier, surface } = await insertDeployAt(world.deps, 'succeeded')
    await world.deps.db.deploy.update({ where: { id: earlier }, data: { sha: SHA } })
    await world.deps.db.surface.update({ where: { id: surface.id }, data: { checklist: LINES } })
    const back = { ref: SHA, source: { kind: 'rollback', deployId: earlier } } as const
    await expect(ship(world.requestFor(surface, { ...back, checklist: ['Ask sales'] }))).rejects.toMatchObject({
      code: 'checklist_incomplete',
    })
    const id = await ship(world.requestFor(surface, back))
    expect(await getDeploy(world.deps, id)).toMatchObject({ kind: 'rollback', checklist: [] })
  })
})

describe('an approval of a surface with a checklist', () => {
  it('shows the approver what was ticked, and grants exactly that', async () => {
    const { id } = await world.newSurface()
    const surface = await world.deps.db.surface.update({ where: { id }, data: { checklist: LINES } })
    await expect(world.ask(world.requestFor(surface))).rejects.toMatchObject({ code: 'checklist_incomplete' })
    const approval = await world.ask(world.requestFor(surface, { checklist: LINES }))
    expect(await getApproval(world.deps, world.grace, approval.id)).toMatchObject({ checklist: LINES })
    const { deployId } = await grantApproval(world.deps, world.grace, approval.id)
    expect(await getDeploy(world.deps, deployId ?? '')).toMatchObject({ checklist: LINES, approvedBy: 'grace' })
    await world.deps.db.deploy.update({
      where: { id: deployId ?? '' },
      data: { status: 'cancelled', finishedAt: new Date() },
    })
    const { content } = await writeEvidence(world.deps, 'grace', deployId ?? '')
    expect(content.approval).toMatchObject({ checklist: LINES })
  })

  it('is not granted once the checklist has changed', async () => {
    const { id } = await world.newSurface()
    const surface = await world.deps.db.surface.update({ where: { id }, data: { checklist: ['Ask support'] } })
    const approval = await world.ask(world.requestFor(surface, { checklist: ['Ask support'] }))
    await world.deps.db.surface.update({ where: { id }, data: { checklist: LINES } })
    await expect(grantApproval(world.deps, world.grace, approval.id)).rejects.toMatchObject({ code: 'surface_changed' })
    expect(await world.deploysOf(id)).toEqual([])
  })
})

it('the database itself refuses a deploy without the ticks, such as one of an older version', async () => {
  const { id, surface } = await insertDeployAt(world.deps, 'succeeded')
  await world.deps.db.surface.update({ where: { id: surface.id }, data: { checklist: LINES } })
  const {
    inputs: _,
    phaseJobs: __,
    runRecord: ___,
    ...row
  } = await world.deps.db.deploy.findUniqueOrThrow({
    where: { id },
  })
  const insert = (checklist: string[]) => {
    const own = world.deps.newId()
    return world.deps.db.deploy.create({ data: { ...row, id: own, idempotencyKey: own, checklist } })
  }
  await expect(insert([])).rejects.toThrow(/declares another checklist/)
  await expect(insert(['Ask support'])).rejects.toThrow(/declares another checklist/)
  await insert(LINES)
})
