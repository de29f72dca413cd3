import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { isTransitionAction } from '~/domain/audit/actions'
import { reviewEnvironmentInput } from '~/domain/deploy/environment-review'
import { DEPLOY_STATUSES, hasPosition } from '~/domain/deploy/status'
import { reviewEnvironment } from '~/server/approvals/review-environment'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { applySurfaces } from '~/server/surfaces/declare/apply-surfaces'
import { readSurfacesFile } from '~/server/surfaces/declare/read-surfaces-file'
import { findOutsideRuns } from '~/server/surfaces/follow/find-outside-runs'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { notFrozen } from '~test/integration/runner/callback-receiver'
import {
  type Called,
  call,
  getJobs,
  getRun,
  REPO,
  until,
  untilEnded,
  untilStepRuns,
} from '~test/integration/sandbox/github-client'
import { startSandboxOfCheckout } from '~test/integration/sandbox/sandbox-of-checkout'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { CALLBACK_SECRET, createTestConsole, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { signedCallback } from '~test/support/signed-callback'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

// Runs this repository's workflows while every callback is lost: the server in the console's place accepts none.

const SHOP = '/repos/acme/storefront'
const RELEASE = '/contents/.github/workflows/release.yml'
const pendingSchema = z.array(z.object({ environment: z.object({ id: z.number() }) }))
const runsSchema = z.object({
  workflow_runs: z.array(z.object({ id: z.number(), name: z.string(), head_sha: z.string() })),
})

let console_: TestConsole
let sandbox: RunningSandbox
const deaf = createServer((request, response) => {
  request.resume()
  const asksForFreezes = request.url?.startsWith('/api/internal/freezes') === true
  response.writeHead(asksForFreezes ? 200 : 404, { 'content-type': 'application/json' })
  response.end(JSON.stringify(asksForFreezes ? notFrozen : {}))
})
beforeAll(async () => {
  await once(deaf.listen(0, '127.0.0.1'), 'listening')
  const { port } = deaf.address() as AddressInfo
  sandbox = await startSandbox({ consoleUrl: `http://127.0.0.1:${port}`, callbackSecret: CALLBACK_SECRET })
  console_ = await createTestConsole({
    githubApiUrl: sandbox.apiUrl,
    env: { GITHUB_DISPATCH_TOKEN: sandbox.token },
  })
  await applySurfaces(
    console_.deps,
    readSurfacesFile(path.resolve(import.meta.dirname, '../../../surfaces.yaml'), sandbox.url),
    { actor: 'seeder', mayApply: () => true },
  )
  await insertMember(console_.deps, OPERATOR)
})
afterAll(async () => {
  await console_?.close()
  await sandbox?.stop()
  deaf.close()
})

async function ship(surfaceId: string): Promise<{ readonly id: string; readonly runId: number }> {
  const request = { surfaceId, ref: 'main', confirmation: surfaceId, idempotencyKey: randomUUID() }
  const { id, runId } = await dispatchDeploy(console_.deps, OPERATOR, request)
  return { id, runId: Number(runId) }
}

it("a run without callbacks is followed to its end from GitHub's record, through every status in order", async () => {
  const { deps } = console_
  const { id, runId } = await ship('console')
  expect((await untilEnded(sandbox, runId)).conclusion).toBe('success')
  await reconcileDeploy(deps, id)

  const rows = await deps.db.auditEvent.findMany({ where: { deployId: id }, orderBy: { id: 'asc' } })
  const transitions = rows.filter(({ action }) => isTransitionAction(action))
  expect(transitions.map(({ status }) => status)).toEqual(DEPLOY_STATUSES.filter(hasPosition))
  for (const { payload } of transitions.slice(1)) expect(payload).toMatchObject({ source: 'github' })
  const { phases } = await getDeploy(deps, id)
  expect(phases.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done'])
})

it('a run started again on GitHub does not change its ended deploy, and the tile shows the outside run', async () => {
  const { deps } = console_
  const { id, runId } = await ship('console-staging')
  await untilEnded(sandbox, runId)
  await reconcileDeploy(deps, id)
  const seen = async () => {
    await findOutsideRuns(deps)
    return (await listTiles(deps)).find((tile) => tile.id === 'console-staging')
  }
  expect((await seen())?.outsideRun).toBeNull()

  expect((await call(sandbox, 'POST', `${REPO}/actions/runs/${runId}/rerun`)).status).toBe(201)
  expect(await seen()).toMatchObject({ outsideRun: { state: 'running' }, lastDeploy: { id, status: 'succeeded' } })
  await untilEnded(sandbox, runId)
  expect(await seen()).toMatchObject({ outsideRun: { state: 'succeeded' }, lastDeploy: { id, status: 'succeeded' } })
})

/** The environment of acme/storefront needs a reviewer on GitHub. */
const untilWaiting = (runId: number) =>
  until(
    () => getRun(sandbox, runId, SHOP),
    ({ status }) => status === 'waiting',
  )

async function approve(runId: number): Promise<void> {
  const address = `${SHOP}/actions/runs/${runId}/pending_deployments`
  const ids = pendingSchema.parse((await call(sandbox, 'GET', address)).json).map(({ environment }) => environment.id)
  await call(sandbox, 'POST', address, { body: { environment_ids: ids, state: 'approved', comment: '' } })
}

it('the workflow of acme/storefront, which knows nothing of the console, is deployed by its declaration alone', async () => {
  const { deps } = console_
  const { id, runId } = await ship('storefront')
  expect((await getRun(sandbox, runId, SHOP)).display_title).toBe('Release main to live')
  await untilWaiting(runId)
  await reconcileDeploy(deps, id)
  const held = await getDeploy(deps, id)
  expect(held.phases.find(({ key }) => key === 'deploy')?.state).toBe('pending')
  expect(held.quiet?.sentence).toBe(
    'The run waits for a reviewer of the environment “live” on GitHub: mei or deploy-console may approve.',
  )
  const { environments = [], ...seen } = held.waitingEnvironments ?? expect.fail('nothing waits')
  const waiting = environments.map((environment) => ({ id: environment.id, name: environment.name }))
  const decision = { environmentId: waiting[0]?.id, decision: 'approved', reason: 'Checked the pages' }
  const approver = await insertMember(deps, actorNamed('grace', { role: 'approver' }))
  const input = reviewEnvironmentInput.parse({ id, ...seen, waiting, ...decision })
  expect(await reviewEnvironment(deps, approver, input)).toEqual({ decision: 'approved', outcome: 'accepted' })
  expect((await call(sandbox, 'GET', `${SHOP}/actions/runs/${runId}/approvals`)).json).toMatchObject([
    { state: 'approved', comment: 'Approved in Deploy Console by grace: Checked the pages' },
  ])
  expect((await untilEnded(sandbox, runId, SHOP)).conclusion).toBe('success')
  expect((await getJobs(sandbox, runId, '', SHOP)).map(({ name, conclusion }) => `${name}: ${conclusion}`)).toEqual([
    'checks / pages: success',
    'checks / shop: success',
    'apply (eu) / upload: success',
    'apply (us) / upload: success',
    'verify: success',
  ])
  await reconcileDeploy(deps, id)
  const deploy = await getDeploy(deps, id)
  expect(deploy).toMatchObject({ status: 'succeeded', shipped: 'yes' })
  expect(deploy.phases.map(({ key, state }) => `${key} ${state}`)).toEqual([
    'smoke_gate done',
    'freeze_check absent',
    'deploy done',
    'health_check done',
  ])
  const reported = await (await fetch(`${sandbox.url}/surfaces/storefront/version`)).json()
  expect(reported).toMatchObject({ version: deploy.sha, ref: 'main' })
})

it('the runs, workflows and commits of one repository are not those of the other', async () => {
  const ofShop = await call(sandbox, 'GET', `${SHOP}/actions/runs`)
  const ofPlatform = await call(sandbox, 'GET', `${REPO}/actions/runs`)
  const names = (answer: Called) => new Set(runsSchema.parse(answer.json).workflow_runs.map(({ name }) => name))
  expect([...names(ofShop)]).toEqual(['Release'])
  expect(names(ofPlatform).has('Release')).toBe(false)
  const [run] = runsSchema.parse(ofShop.json).workflow_runs
  for (const address of [`/actions/runs/${run?.id}`, `/commits/${run?.head_sha}`, RELEASE]) {
    expect((await call(sandbox, 'GET', `${SHOP}${address}`)).status).toBe(200)
    expect((await call(sandbox, 'GET', `${REPO}${address}`)).status).toBeGreaterThanOrEqual(404)
  }
})

const legs = async (runId: number) =>
  (await getJobs(sandbox, runId, '', SHOP)).slice(2).map(({ name, conclusion }) => `${name}: ${conclusion}`)

it('a leg of a matrix that fails fails the deploy in its phase, and one that is skipped does not', async () => {
  const { deps } = console_
  const shipWith = async (behaviour: string) => {
    const headers = { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ behaviour })
    const set = (surface: string) =>
      fetch(`${sandbox.url}/control/surfaces/${surface}`, { method: 'POST', headers, body })
    expect((await set('storefront')).status).toBe(200)
    // Only the workflow of the storefront has legs.
    expect((await set('console')).status).toBe(400)
    const { id, runId } = await ship('storefront')
    await untilWaiting(runId)
    await approve(runId)
    await untilEnded(sandbox, runId, SHOP)
    await reconcileDeploy(deps, id)
    const { status, shipped, failureStage, phases } = await getDeploy(deps, id)
    return {
      legs: await legs(runId),
      status,
      shipped,
      failureStage,
      deploy: phases.find(({ key }) => key === 'deploy')?.state,
    }
  }
  expect(await shipWith('fail-leg')).toEqual({
    legs: ['apply (eu) / upload: success', 'apply (us) / upload: failure', 'verify: skipped'],
    ...{ status: 'failed', shipped: 'unknown', failureStage: 'deploy_failed', deploy: 'failed' },
  })
  expect(await shipWith('skip-leg')).toEqual({
    legs: ['apply (eu) / upload: success', 'apply (us) / upload: skipped', 'verify: success'],
    ...{ status: 'succeeded', shipped: 'yes', failureStage: null, deploy: 'done' },
  })
})

it('a deploy whose run is queued behind another one says so, and also that GitHub cancelled it for a newer run', async () => {
  const { deps } = console_
  const byHand = async () => {
    const body = { ref: 'main', inputs: { version: 'v9', commit: 'f'.repeat(40), target: 'live' } }
    const address = `${SHOP}/actions/workflows/release.yml/dispatches`
    const { json } = await call(sandbox, 'POST', address, { body, version: '2026-03-10' })
    return z.object({ workflow_run_id: z.number() }).parse(json).workflow_run_id
  }
  const first = await byHand()
  await until(
    () => getRun(sandbox, first, SHOP),
    ({ status }) => status !== 'queued',
  )
  const { id, runId } = await ship('storefront')
  expect((await getRun(sandbox, runId, SHOP)).status).toBe('pending')
  await reconcileDeploy(deps, id)
  expect((await getDeploy(deps, id)).quiet?.sentence).toContain('concurrency group “release-live”')

  const newest = await byHand()
  await reconcileDeploy(deps, id)
  expect(await getDeploy(deps, id)).toMatchObject({
    status: 'cancelled',
    quiet: { sentence: expect.stringContaining('cancelled on GitHub before a job ran, and nobody cancelled it here') },
  })
  for (const run of [newest, first]) {
    await call(sandbox, 'POST', `${SHOP}/actions/runs/${run}/cancel`)
    await untilEnded(sandbox, run, SHOP)
  }
})

it('a run that never started, a GitHub that does not answer, and callbacks that have ceased are each said', async () => {
  const own = await startSandboxOfCheckout()
  const { deps, close } = await createTestConsole({
    githubApiUrl: own.sandbox.apiUrl,
    env: { GITHUB_DISPATCH_TOKEN: own.sandbox.token },
  })
  onTestFinished(async () => {
    await close()
    await own.stop()
  })
  const gate = path.join(own.checkout.dir, 'gate')
  const declare = (id: string, dispatch: string) => `  - id: ${id}
    name: ${id}
    environment: staging
    repository: acme/platform
    workflow: ${id}.yml
    url: ${own.sandbox.url}/surfaces/console
    health_url: ${own.sandbox.url}/surfaces/console/health
    dispatch: ${dispatch}
`
  const hello = `{ from: chosen, inputs: { who: world, gate: '${gate}', console_deploy_id: '\${deploy_id}' } }`
  own.checkout.write('surfaces.yaml', `surfaces:\n${declare('broken', '{ from: chosen }')}${declare('hello', hello)}`)
  const declared = readSurfacesFile(path.join(own.checkout.dir, 'surfaces.yaml'), own.sandbox.url)
  await applySurfaces(deps, declared, { actor: 'seeder', mayApply: () => true })
  await insertMember(deps, OPERATOR)
  const begin = async (surfaceId: string) => {
    const request = { surfaceId, ref: 'main', confirmation: surfaceId, idempotencyKey: randomUUID() }
    const { id, runId } = await dispatchDeploy(deps, OPERATOR, request)
    return { id, runId: Number(runId) }
  }

  const broken = await begin('broken')
  await reconcileDeploy(deps, broken.id)
  expect(await getDeploy(deps, broken.id)).toMatchObject({
    status: 'failed',
    quiet: { sentence: expect.stringMatching(/^The run never started/) },
  })

  const held = await begin('hello')
  await untilStepRuns(own.sandbox, held.runId, 'Wait at the gate')
  const then = { ...deps, now: () => new Date(Date.now() - 120_000) }
  const callback = signedCallback(held.id, { status: 'building', run_id: String(held.runId) }, { at: then.now() })
  expect((await receiveCallback(then, callback, held.id)).status).toBe(200)
  await reconcileDeploy(deps, held.id)
  expect((await getDeploy(deps, held.id)).quiet?.sentence).toMatch(/^The last callback came at .* UTC\.$/)

  const headers = { authorization: `Bearer ${own.sandbox.token}`, 'content-type': 'application/json' }
  const fault = { endpoint: 'GET /actions/runs/:run', kind: 'status', status: 503, times: 9 }
  const control = { method: 'POST', headers, body: JSON.stringify(fault) }
  expect((await fetch(`${own.sandbox.url}/control/faults`, control)).status).toBe(201)
  await reconcileDeploy(deps, held.id).catch(() => undefined)
  const { quiet, warnings } = await getDeploy(deps, held.id)
  expect(quiet).toBeNull()
  expect(warnings[0]).toMatch(/^GitHub has not answered about this deploy since/)
})
