import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { advanceDeploy } from '~/server/deploys/deploys.sql'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import { type Answer, type RecordedRequest, SHA, startScriptedGitHub } from '~test/support/scripted-github'

const RUN = 4294967296n
let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const initial: { script?: typeof github.script } = {}

/** GitHub's deployments: those it lists, and how it answers a new one. */
const world: {
  listed: object[]
  statuses: object[]
  onCreate: () => Answer
} = { listed: [], statuses: [], onCreate: () => ({ status: 201, body: { id: 77 } }) }

beforeAll(async () => {
  github = await startScriptedGitHub()
  github.script.around = (request, answer) => {
    const { path, method } = request
    if (/\/deployments(\?|$)/.test(path))
      return method === 'POST' ? world.onCreate() : { status: 200, body: world.listed }
    if (/\/deployments\/\d+\/statuses/.test(path)) {
      return method === 'POST' ? { status: 201, body: {} } : { status: 200, body: world.statuses }
    }
    return answer(request)
  }
  initial.script = { ...github.script }
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
})
beforeEach(() => {
  Object.assign(github.script, initial.script)
  Object.assign(world, { listed: [], statuses: [], onCreate: () => ({ status: 201, body: { id: 77 } }) })
  showWorkflow('deploy: {}')
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

function showWorkflow(jobs: string): void {
  const content = Buffer.from(`on: { workflow_dispatch: { inputs: { ref: {} } } }\njobs: { ${jobs} }`).toString(
    'base64',
  )
  github.script.onContents = () => ({ status: 200, body: { encoding: 'base64', content } })
}

async function deploy(githubEnvironment: string | null = 'live') {
  const { id, confirm } = await insertSurface(console_.deps)
  await console_.deps.db.surface.update({ where: { id }, data: { githubEnvironment } })
  const input = { surfaceId: id, ref: 'main', confirmation: confirm, idempotencyKey: randomUUID() }
  const { id: deployId } = await dispatchDeploy(console_.deps, OPERATOR, input)
  return { surfaceId: id, deployId }
}

/** Ends the deploy as a callback or GitHub's record does. */
const end = ({ surfaceId, deployId }: Awaited<ReturnType<typeof deploy>>, to: 'failed' | 'timed_out' | 'cancelled') =>
  console_.deps.db.$transaction((tx) =>
    advanceDeploy(tx, {
      deployId,
      surfaceId,
      to,
      actor: 'test',
      at: console_.deps.now(),
      event: {
        action: 'console.deploy.reconciled',
        status: to,
        payload: { source: 'github', from: 'dispatched', proof: 'test', occurred_at: '' },
      },
    }),
  )

const posted = (of: (request: RecordedRequest) => boolean) =>
  github.requests.filter((request) => request.method === 'POST' && of(request)).map(({ body }) => Object(body))
const creations = () => posted(({ path }) => path.endsWith('/deployments'))
const states = () => posted(({ path }) => path.endsWith('/statuses')).map(({ state }) => state)

describe('a surface that names an environment on GitHub', () => {
  it('its deploy is created there once, as neither a merge nor a wait for checks, and its end is reported', async () => {
    const started = await deploy()
    await runQueue(console_.deps)
    expect(creations()).toEqual([
      expect.objectContaining({
        ref: SHA,
        environment: 'live',
        production_environment: true,
        auto_merge: false,
        required_contexts: [],
        payload: { console_deploy_id: started.deployId },
      }),
    ])
    expect(states()).toEqual(['in_progress'])
    await end(started, 'failed')
    await runQueue(console_.deps)
    expect(creations()).toHaveLength(1)
    expect(states()).toEqual(['in_progress', 'failure'])
    const [status] = posted(({ path }) => path.includes('/deployments/77/statuses'))
    expect(status).toMatchObject({ log_url: expect.stringMatching(new RegExp(`/deploys/${started.deployId}$`)) })
  })

  it.each([
    ['names an environment', 'deploy: { environment: live }'],
    ['calls another workflow, which may name one', 'deploy: { uses: ./.github/workflows/ship.yml }'],
  ])('while a job %s, nothing is created, and GitHub’s own deployment is adopted at the end', async (_, jobs) => {
    showWorkflow(jobs)
    const started = await deploy()
    await runQueue(console_.deps)
    expect(creations()).toEqual([])
    world.listed = [{ id: 5, payload: '' }]
    world.statuses = [{ log_url: `https://github.com/acme/platform/actions/runs/${RUN}/job/9` }]
    await end(started, 'failed')
    await runQueue(console_.deps)
    expect([creations(), states()]).toEqual([[], []])
    expect(await console_.deps.db.deploy.findUnique({ where: { id: started.deployId } })).toMatchObject({
      githubDeploymentId: 5n,
      githubDeploymentState: 'adopted',
    })
  })

  it('a deployment of another run of the same commit is not taken for its own', async () => {
    world.listed = [{ id: 5, payload: {} }]
    world.statuses = [{ log_url: `https://github.com/acme/platform/actions/runs/${RUN}1/job/9` }]
    await deploy()
    await runQueue(console_.deps)
    expect(creations()).toHaveLength(1)
  })

  it('a deployment whose creation was not answered is found again, and no second one is created', async () => {
    world.onCreate = () => 'hang up'
    const { deployId } = await deploy()
    await runQueue(console_.deps)
    expect((await queuedJobs(console_.deps)).map(({ task }) => task)).toContain('report_deployment')
    world.listed = [{ id: 6, payload: JSON.stringify({ console_deploy_id: deployId }) }]
    await console_.deps.db.$executeRaw`UPDATE graphile_worker._private_jobs SET run_at = now()`
    await runQueue(console_.deps)
    expect(creations()).toHaveLength(1)
    expect(posted(({ path }) => path.includes('/deployments/6/statuses'))).toHaveLength(1)
  })

  it('a refusal is not repeated, and does not touch the deploy', async () => {
    world.onCreate = () => ({ status: 403, body: { message: 'Resource not accessible by personal access token' } })
    const started = await deploy()
    await runQueue(console_.deps)
    await end(started, 'cancelled')
    await runQueue(console_.deps)
    expect(creations()).toHaveLength(1)
    expect(await console_.deps.db.deploy.findUnique({ where: { id: started.deployId } })).toMatchObject({
      status: 'cancelled',
      githubDeploymentState: 'refused',
    })
  })

  it('a dispatch that GitHub refused creates none', async () => {
    github.script.onDispatch = () => ({ status: 422, body: { message: 'Unexpected inputs provided' } })
    await deploy()
    await runQueue(console_.deps)
    expect(creations()).toEqual([])
  })
})

it('a surface that names no environment on GitHub reports none', async () => {
  await end(await deploy(null), 'failed')
  expect((await queuedJobs(console_.deps)).map(({ task }) => task)).not.toContain('report_deployment')
})
