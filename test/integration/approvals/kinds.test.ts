import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DeployStatus } from '~/domain/deploy/status'
import { grantApproval } from '~/server/approvals/grant-approval'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { insertSurface } from '~test/support/console'
import { moveDeploy } from '~test/support/move-deploy'
import { SHA } from '~test/support/scripted-github'
import { type ApprovalWorld, createApprovalWorld } from './approval-world'

const OTHER = 'c'.repeat(40)
let world: ApprovalWorld
beforeAll(async () => {
  world = await createApprovalWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

/** A surface without approval, with one deploy that ended like this. */
async function insertEndedDeploy(status: DeployStatus = 'succeeded', shipped = 'yes') {
  const surface = await insertSurface(world.deps)
  const { id } = await dispatchDeploy(world.deps, world.ada, world.requestFor(surface))
  await moveDeploy(world.deps.db, id, status)
  await world.deps.db.deploy.update({ where: { id }, data: { shipped } })
  return { surface, deployId: id }
}
async function running(sha: string | null) {
  const { id } = await insertSurface(world.deps, { environment: 'staging' })
  return world.deps.db.surface.update({ where: { id }, data: { runningSha: sha, runningSeenAt: new Date() } })
}
const rollback = (deployId: string) => ({ ref: SHA, source: { kind: 'rollback' as const, deployId } })
const promotion = (surfaceId: string) => ({ ref: SHA, source: { kind: 'promotion' as const, surfaceId } })

describe('a rollback', () => {
  it('a rollback ships the commit of an earlier deploy and is recorded as a rollback', async () => {
    const { surface, deployId } = await insertEndedDeploy()
    const { id } = await dispatchDeploy(world.deps, world.ada, world.requestFor(surface, rollback(deployId)))
    expect(await getDeploy(world.deps, id)).toMatchObject({ kind: 'rollback', ref: SHA, sha: SHA })
    expect(world.github.dispatches().at(-1)?.body).toMatchObject({ inputs: { ref: SHA } })
  })

  it('a rollback is refused to another commit, to an unknown deploy, to a deploy that is not proven to have shipped, and to a deploy of another surface', async () => {
    const { surface, deployId } = await insertEndedDeploy()
    const to = (overrides: object) => dispatchDeploy(world.deps, world.ada, world.requestFor(surface, overrides))
    const otherCommit = to({ ...rollback(deployId), ref: OTHER })
    await expect(otherCommit).rejects.toMatchObject({ code: 'source_refused', details: { actual_sha: SHA } })
    await expect(to(rollback(world.deps.newId()))).rejects.toMatchObject({ code: 'source_refused' })
    const failed = await insertEndedDeploy('failed')
    await expect(to(rollback(failed.deployId))).rejects.toMatchObject({ code: 'source_refused' })
    const unproven = await insertEndedDeploy('succeeded', 'unknown')
    const unprovenAgain = world.requestFor(unproven.surface, rollback(unproven.deployId))
    await expect(dispatchDeploy(world.deps, world.ada, unprovenAgain)).rejects.toMatchObject({ code: 'source_refused' })
    const elsewhere = await insertEndedDeploy()
    await expect(to(rollback(elsewhere.deployId))).rejects.toMatchObject({ code: 'source_refused' })
  })

  it('a rollback ships while GitHub’s reads are down, because its commit is on record', async () => {
    const { surface, deployId } = await insertEndedDeploy()
    const down = () => ({ status: 503, body: { message: 'Unavailable' } })
    Object.assign(world.github.script, { onCommit: down, onRef: down })
    const { id } = await dispatchDeploy(world.deps, world.ada, world.requestFor(surface, rollback(deployId)))
    expect(await getDeploy(world.deps, id)).toMatchObject({ kind: 'rollback', sha: SHA, status: 'dispatched' })
  })

  it('a rollback waits for approval and ships as a rollback', async () => {
    const { surface, deployId } = await insertEndedDeploy()
    await world.deps.db.surface.update({ where: { id: surface.id }, data: { requiresApproval: true } })
    const approval = await world.ask(world.requestFor(surface, rollback(deployId)))
    expect(approval).toMatchObject({ kind: 'rollback', sourceId: deployId, sha: SHA })
    const granted = await grantApproval(world.deps, world.grace, approval.id)
    expect(await getDeploy(world.deps, granted.deployId ?? '')).toMatchObject({
      kind: 'rollback',
      approvedBy: 'grace',
    })
  })
})

describe('a promotion', () => {
  it('a promotion ships the commit that another surface of the workflow runs', async () => {
    const staging = await running(SHA)
    const input = world.requestFor(await insertSurface(world.deps), promotion(staging.id))
    const { id } = await dispatchDeploy(world.deps, world.ada, input)
    expect(await getDeploy(world.deps, id)).toMatchObject({ kind: 'promotion', sha: SHA })
  })

  it('a promotion ships from a surface of the same service with another workflow, and is refused from one of another service', async () => {
    const [staging, target] = [await running(SHA), await insertSurface(world.deps)]
    const belongTo = (id: string, service: string) =>
      world.deps.db.surface.update({ where: { id }, data: { service, workflow: `${id}.yml` } })
    await belongTo(staging.id, 'api')
    await belongTo(target.id, 'web')
    const promote = () => dispatchDeploy(world.deps, world.ada, world.requestFor(target, promotion(staging.id)))
    await expect(promote()).rejects.toMatchObject({ code: 'source_refused' })
    await belongTo(target.id, 'api')
    expect(await getDeploy(world.deps, (await promote()).id)).toMatchObject({ kind: 'promotion', sha: SHA })
  })

  it('a promotion is refused from a surface that runs another or an unknown commit, has another workflow, is the target, or does not exist', async () => {
    const surface = await insertSurface(world.deps)
    const from = (id: string) => dispatchDeploy(world.deps, world.ada, world.requestFor(surface, promotion(id)))
    const other = await running(OTHER)
    await expect(from(other.id)).rejects.toMatchObject({
      code: 'source_refused',
      message: /runs ccccccc, not aaaaaaa/,
      details: { expected_sha: SHA, actual_sha: OTHER },
    })
    const otherWorkflow = await running(SHA)
    await world.deps.db.surface.update({ where: { id: otherWorkflow.id }, data: { workflow: 'other.yml' } })
    for (const id of [(await running(null)).id, otherWorkflow.id, surface.id, 'nowhere']) {
      await expect(from(id), id).rejects.toMatchObject({ code: 'source_refused' })
    }
  })

  it('a promotion that only removes commits is refused, at the request and at the approval', async () => {
    const staging = await running(SHA)
    const target = await world.newSurface()
    const input = world.requestFor(target, promotion(staging.id))
    const runs = (runningSha: string) =>
      world.deps.db.surface.update({ where: { id: target.id }, data: { runningSha } })
    const compared = (ahead_by: number, behind_by: number) => () => ({
      status: 200,
      body: { status: 'diverged', ahead_by, behind_by, html_url: 'https://github.example.com', commits: [] },
    })
    world.github.script.onListRuns = compared(0, 2)
    const refused = { code: 'source_refused', message: /aaaaaaa is behind ccccccc.*Nothing was deployed/ }
    await runs(OTHER)
    await expect(world.ask(input)).rejects.toMatchObject(refused)
    await runs(SHA)
    const approval = await world.ask(input)
    await runs(OTHER)
    await expect(grantApproval(world.deps, world.grace, approval.id)).rejects.toMatchObject(refused)
    await runs('d'.repeat(40))
    world.github.script.onListRuns = compared(1, 2)
    expect(await grantApproval(world.deps, world.grace, approval.id)).toMatchObject({ state: 'granted' })
  })

  it('an approval of a promotion is refused while the source surface runs another commit, and granted when it runs the commit again', async () => {
    const staging = await running(SHA)
    const approval = await world.ask(world.requestFor(await world.newSurface(), promotion(staging.id)))
    await world.deps.db.surface.update({ where: { id: staging.id }, data: { runningSha: OTHER } })
    const granting = grantApproval(world.deps, world.grace, approval.id)
    await expect(granting).rejects.toMatchObject({ code: 'source_refused', details: { actual_sha: OTHER } })
    await world.deps.db.surface.update({ where: { id: staging.id }, data: { runningSha: SHA } })
    const { deployId } = await grantApproval(world.deps, world.grace, approval.id)
    expect(await getDeploy(world.deps, deployId ?? '')).toMatchObject({ kind: 'promotion', sha: SHA })
  })
})
