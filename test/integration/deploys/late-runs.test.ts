import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { releaseSurface } from '~/server/deploys/cancel/release-surface'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { findOutsideRuns } from '~/server/surfaces/follow/find-outside-runs'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { modelGitHub } from '~test/support/model-github'
import { runQueue } from '~test/support/run-queue'
import { jobsAnswer, listAnswer, runAnswer, startScriptedGitHub, untilEvent } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let model: ReturnType<typeof modelGitHub>
let healthy: typeof github.script
/** GitHub during an incident: runs exist, and no list shows them yet. */
const listsNothing = listAnswer([])

beforeAll(async () => {
  github = await startScriptedGitHub()
  model = modelGitHub(github)
  healthy = { ...github.script }
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
})
beforeEach(() => {
  Object.assign(github.script, healthy)
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const deployAt = (id: string) => console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })
const inMinutes = (minutes: number) => ({
  ...console_.deps,
  now: () => new Date(Date.now() + minutes * 60_000),
})
const dispatchTo = ({ id, confirm }: { readonly id: string; readonly confirm: string }) =>
  dispatchDeploy(console_.deps, OPERATOR, {
    surfaceId: id,
    ref: 'main',
    confirmation: confirm,
    idempotencyKey: randomUUID(),
  })
const release = (id: string, deps = console_.deps, actor = OPERATOR) =>
  releaseSurface(deps, actor, { id, reason: 'the run never came' })
const heldTile = async (surfaceId: string) =>
  (await listTiles(console_.deps)).find(({ id }) => id === surfaceId)?.held ?? null

describe('a dispatch whose answer is lost and whose run is listed eleven minutes later', () => {
  it('a deploy waits for a run that is listed eleven minutes late, and follows the run to its end', async () => {
    const surface = await insertSurface(console_.deps)
    const lists = untilEvent(listsNothing, healthy.onListRuns)
    Object.assign(github.script, { onDispatch: model.accepting('hang up'), onListRuns: lists })
    const { id } = await dispatchTo(surface)
    await reconcileDeploy(inMinutes(10.5), id)
    expect(await getDeploy(console_.deps, id)).toMatchObject({ status: 'requested', shipped: 'unknown' })
    await expect(dispatchTo(surface)).rejects.toMatchObject({ code: 'surface_busy' })

    lists.happen()
    await reconcileDeploy(inMinutes(11), id)
    expect(await deployAt(id)).toMatchObject({ status: 'dispatched', githubRunId: model.runsOf(id)[0]?.id })
    model.conclude(id, 'success')
    await reconcileDeploy(console_.deps, id)
    expect(await deployAt(id)).toMatchObject({ status: 'succeeded', shipped: 'yes' })
  })
})

describe('releasing a deploy without a run', () => {
  it('a deploy without a run can be given up after ten minutes, which frees the surface and leaves open whether it shipped', async () => {
    const surface = await insertSurface(console_.deps)
    github.script.onDispatch = () => 'hang up'
    const { id } = await dispatchTo(surface)
    await expect(release(id)).rejects.toMatchObject({ code: 'release_refused' })
    const view = await getDeploy(console_.deps, id)
    expect(view.actions[0]).toBe('give_up')
    expect(Date.parse(view.giveUpFrom ?? '') - Date.parse(view.requestedAt)).toBe(10 * 60_000)

    await release(id, inMinutes(10.5))
    const given = await getDeploy(console_.deps, id)
    expect(given).toMatchObject({ status: 'cancelled', shipped: 'unknown', headline: 'Cancelled' })
    expect(given.sentences).toEqual([
      'Whether anything was deployed is unknown: no run was seen; GitHub may still start one.',
    ])
    expect(given.timeline.map(({ note }) => note).join(' ')).toContain('Given up: “the run never came”')
    expect(
      await console_.deps.db.auditEvent.count({ where: { deployId: id, action: 'console.deploy.given_up' } }),
    ).toBe(1)
    github.script.onDispatch = healthy.onDispatch
    await expect(dispatchTo(surface)).resolves.toMatchObject({ status: 'dispatched' })
  })

  it('a deploy that timed out without a run holds its surface until the surface is released', async () => {
    const { id, surface } = await insertDeployAt(console_.deps, 'dispatched', {
      requestedAt: new Date(Date.now() - 31 * 60_000),
    })
    github.script.onListRuns = listsNothing
    await reconcileDeploy(console_.deps, id)
    await expect(dispatchTo(surface)).rejects.toMatchObject({
      code: 'surface_busy',
      message: expect.stringContaining('GitHub may still start one'),
      details: { deploy_id: id },
    })
    expect(await heldTile(surface.id)).toEqual({ deployId: id, runId: null })
    await release(id)
    expect(await heldTile(surface.id)).toBeNull()
    await expect(release(id)).rejects.toMatchObject({ code: 'release_refused' })
    await expect(dispatchTo(surface)).resolves.toMatchObject({ status: 'dispatched' })
  })
})

describe('a run that appears after its deploy ended', () => {
  it('a run that appears after its deploy ended is shown, and holds the surface until the run ends', async () => {
    const { deps } = console_
    const surface = await insertSurface(deps)
    github.script.onDispatch = () => 'hang up'
    const { id } = await dispatchTo(surface)
    await release(id, inMinutes(11))
    const run = model.accept(id)
    await findOutsideRuns(deps)
    await runQueue(deps)

    const view = await getDeploy(deps, id)
    expect(view).toMatchObject({ status: 'cancelled', runId: run.id.toString(), shipped: 'unknown' })
    expect(view.sentences.join(' ')).toContain(
      `Run ${run.id} carries the id of this deploy and was seen after the deploy had ended. The surface is held: run ${run.id} is`,
    )
    expect(await heldTile(surface.id)).toMatchObject({ deployId: id, runId: run.id.toString() })
    github.script.onDispatch = healthy.onDispatch
    await expect(dispatchTo(surface)).rejects.toMatchObject({
      code: 'surface_busy',
      message: expect.stringContaining(`Run ${run.id}`),
      details: { deploy_id: id, run_id: run.id.toString() },
    })

    model.conclude(id, 'success')
    await reconcileDeploy(deps, id)
    expect(await deployAt(id)).toMatchObject({ status: 'cancelled', shipped: 'yes', holdsSurface: false })
    expect((await getDeploy(deps, id)).sentences[0]).toBe('The new version was deployed.')
    await expect(dispatchTo(surface)).resolves.toMatchObject({ status: 'dispatched' })
  })

  it('a run whose first callback arrives after its deploy ended holds the surface', async () => {
    const { deps } = console_
    const surface = await insertSurface(deps)
    github.script.onDispatch = () => 'hang up'
    const { id } = await dispatchTo(surface)
    await release(id, inMinutes(11))
    const run = model.accept(id)
    const body = { status: 'building', run_id: run.id.toString(), run_attempt: 1 }
    expect((await receiveCallback(deps, signedCallback(id, body), id)).status).toBe(422)
    expect(await deployAt(id)).toMatchObject({ status: 'cancelled', holdsSurface: true, lateRunId: run.id })
    await runQueue(deps)
    expect(await deployAt(id)).toMatchObject({ holdsSurface: true })
  })

  it('a surface released from a late run is not held again by the same attempt', async () => {
    const { deps } = console_
    const surface = await insertSurface(deps)
    github.script.onDispatch = () => 'hang up'
    const { id } = await dispatchTo(surface)
    await release(id, inMinutes(11))
    model.accept(id)
    await findOutsideRuns(deps)
    await release(id)
    await findOutsideRuns(deps)
    await runQueue(deps)
    expect(await deployAt(id)).toMatchObject({ holdsSurface: false })
    const released = await deps.db.auditEvent.findMany({ where: { deployId: id, action: 'console.deploy.released' } })
    expect(released.map(({ payload }) => payload)).toEqual([
      { stood_at: 'cancelled', run_id: model.runsOf(id)[0]?.id.toString(), reason: 'the run never came' },
    ])
  })

  it('a dispatch is refused if another deploy of the surface times out without a run meanwhile', async () => {
    const { deps } = console_
    const { id, surface } = await insertDeployAt(deps, 'dispatched', {
      requestedAt: new Date(Date.now() - 31 * 60_000),
    })
    github.script.onListRuns = listsNothing
    const [, answer] = await Promise.allSettled([reconcileDeploy(deps, id), dispatchTo(surface)])
    expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'surface_busy' } })
  })
})

describe('a deploy with a status that this version does not know', () => {
  it('only an admin can release a deploy with an unknown status, which keeps its status and frees its surface', async () => {
    const { deps } = console_
    const { id, surface } = await insertDeployAt(deps, 'building', { githubRunId: 5n })
    await deps.db.$executeRaw`ALTER TABLE console_deploys DROP CONSTRAINT console_deploys_status_check`
    await deps.db.$executeRaw`UPDATE console_deploys SET status = 'canary_started' WHERE id = ${id}::uuid`
    await expect(dispatchTo(surface)).rejects.toMatchObject({ code: 'surface_busy' })
    const deployer = { ...actorNamed('dora'), role: 'deployer' as const }
    await expect(release(id, deps, deployer)).rejects.toMatchObject({ code: 'permission_refused' })
    await release(id, deps, { ...actorNamed('ada'), role: 'admin' })
    expect(await getDeploy(deps, id)).toMatchObject({ status: 'canary_started', shipped: 'unknown' })
    expect(await deps.db.auditEvent.count({ where: { deployId: id, action: 'console.deploy.released' } })).toBe(1)
    await expect(dispatchTo(surface)).resolves.toMatchObject({ status: 'dispatched' })
  })
})

describe("GitHub's record after a reported end", () => {
  it('a record of GitHub that contradicts a reported success raises one alarm, and the deploy no longer counts as shipped', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'dispatched', { githubRunId: 77n })
    const report = (status: string) => receiveCallback(deps, signedCallback(id, { status, run_id: '77' }), id)
    for (const status of ['building', 'deploying', 'succeeded']) expect((await report(status)).status).toBe(200)
    expect(await deployAt(id)).toMatchObject({ status: 'succeeded', shipped: 'yes' })
    github.script.onRun = () => runAnswer('success')
    github.script.onJobs = () => jobsAnswer({ smoke: 'skipped', deploy: 'skipped' })
    await reconcileDeploy(deps, id)
    await reconcileDeploy(deps, id)
    const view = await getDeploy(deps, id)
    expect(view).toMatchObject({ status: 'succeeded', shipped: 'unknown' })
    expect(view.warnings).toEqual([expect.stringContaining('no job of the deploy phase ran')])
    expect(await deployAt(id)).toMatchObject({ shipped: 'unknown' })
    expect(view.timeline.filter(({ action }) => action === 'console.deploy.record_disagrees')).toHaveLength(1)
  })
})
