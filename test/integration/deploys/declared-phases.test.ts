import { afterAll, beforeAll, expect, it } from 'vitest'
import { insertDeploy, type NewDeploy } from '~/server/deploys/admit/insert-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, declarationOf, insertSurface, type TestConsole } from '~test/support/console'
import { jobsAnswer, runAnswer, SHA, startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

/** A deploy with a run, of a surface that declares its phases. */
async function deployOf(phaseJobs: Readonly<Record<string, string[]>>) {
  const { deps } = console_
  const { id: surfaceId } = await insertSurface(deps)
  await deps.db.surface.update({ where: { id: surfaceId }, data: { phaseJobs } })
  const declaration = await declarationOf(deps, surfaceId)
  const deploy: NewDeploy = {
    id: deps.newId(),
    surfaceId,
    environment: 'production',
    repository: 'acme/platform',
    workflow: 'deploy-console.yml',
    ref: 'refs/heads/main',
    onMoved: null,
    workflowRef: 'main',
    sha: SHA,
    reason: null,
    requestedBy: OPERATOR.name,
    requestedByUserId: OPERATOR.userId,
    idempotencyKey: surfaceId,
    requestDigest: 'digest',
    phaseCallbacks: true,
    inputs: {},
    checklist: [],
    kind: 'deploy',
    sourceId: null,
  }
  await deps.db.$transaction((tx) => insertDeploy(tx, deploy, { at: deps.now(), declaration }))
  await deps.db.deploy.update({ where: { id: deploy.id }, data: { githubRunId: 7n } })
  return { id: deploy.id, surfaceId }
}

const phasesOf = async (id: string) =>
  (await getDeploy(console_.deps, id)).phases.map(({ key, state }) => `${key} ${state}`)

it('a workflow without notify steps is followed by the jobs that its surface declares, to a proven end', async () => {
  const { id } = await deployOf({ smoke_gate: ['unit tests (*)'], deploy: ['apply (*)'] })
  github.script.onRun = () => runAnswer(null)
  github.script.onJobs = () => jobsAnswer({ 'unit tests (20)': { Run: 'success' }, 'apply (eu)': { Apply: null } })
  await reconcileDeploy(console_.deps, id)
  expect(await phasesOf(id)).toEqual(['smoke_gate done', 'freeze_check absent', 'deploy active', 'health_check absent'])

  github.script.onRun = () => runAnswer('success')
  github.script.onJobs = () => jobsAnswer({ 'unit tests (20)': { Run: 'success' }, 'apply (eu)': { Apply: 'success' } })
  await reconcileDeploy(console_.deps, id)
  expect(await getDeploy(console_.deps, id)).toMatchObject({ status: 'succeeded', shipped: 'yes' })
  expect(await phasesOf(id)).toEqual(['smoke_gate done', 'freeze_check absent', 'deploy done', 'health_check absent'])
})

it('a deploy keeps the declaration of its time, so a later change of surfaces.yaml does not change what its run proves', async () => {
  const { id, surfaceId } = await deployOf({ deploy: ['apply'] })
  await console_.deps.db.surface.update({ where: { id: surfaceId }, data: { phaseJobs: { deploy: ['other'] } } })
  github.script.onRun = () => runAnswer('success')
  github.script.onJobs = () => jobsAnswer({ apply: { Apply: 'success' } })
  await reconcileDeploy(console_.deps, id)
  expect(await getDeploy(console_.deps, id)).toMatchObject({ status: 'succeeded', shipped: 'yes' })
})

it('a successful run without a job that matches the declared deploy phase proves neither that it deployed nor that it did not', async () => {
  const { id } = await deployOf({ deploy: ['aply'] })
  github.script.onRun = () => runAnswer('success')
  github.script.onJobs = () => jobsAnswer({ apply: { Apply: 'success' } })
  await reconcileDeploy(console_.deps, id)
  expect(await getDeploy(console_.deps, id)).toMatchObject({
    status: 'failed',
    shipped: 'unknown',
    failureDetail: 'The run succeeded, but none of its jobs is known to be the deploy phase.',
  })
})
