import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OnMoved } from '~/domain/deploy/request'
import { grantApproval } from '~/server/approvals/grant-approval'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { createDeps } from '~/server/deps'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import { jobsAnswer, runAnswer, SHA, startScriptedGitHub } from '~test/support/scripted-github'

const MOVED = 'b'.repeat(40)
const grace = actorNamed('grace', { role: 'approver' })
let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const initial: { script?: typeof github.script } = {}
/** What GitHub lists at the commit. */
const refs: { tags: { name: string; sha: string }[]; heads: string[] } = { tags: [], heads: [] }

beforeAll(async () => {
  github = await startScriptedGitHub()
  github.script.around = ({ path, ...request }, answer) => {
    const named = (name: string, sha: string) => ({ name, commit: { sha } })
    if (/\/tags\?/.test(path)) return { status: 200, body: refs.tags.map(({ name, sha }) => named(name, sha)) }
    if (path.endsWith('/branches-where-head')) return { status: 200, body: refs.heads.map((name) => named(name, SHA)) }
    return answer({ path, ...request })
  }
  initial.script = { ...github.script }
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
  await insertMember(console_.deps, grace)
})
beforeEach(() => {
  Object.assign(github.script, initial.script)
  Object.assign(refs, { tags: [], heads: [] })
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

async function insertChosen(onMoved: OnMoved = 'cancel', data: object = {}) {
  const { id } = await insertSurface(console_.deps)
  return console_.deps.db.surface.update({ where: { id }, data: { onMoved, ...data } })
}

const request = (surface: { id: string; confirm: string }, ref = 'main') => ({
  surfaceId: surface.id,
  ref,
  confirmation: surface.confirm,
  idempotencyKey: randomUUID(),
})

const deploy = async (surface: { id: string; confirm: string }, ref?: string) =>
  dispatchDeploy(console_.deps, OPERATOR, request(surface, ref))

/** GitHub's run of the deploy is of this commit. */
function showRun(headSha: string, conclusion: string | null = null) {
  const answer = runAnswer(conclusion)
  github.script.onRun = () =>
    answer === 'hang up' ? answer : { ...answer, body: { ...Object(answer.body), head_sha: headSha } }
  github.script.onJobs = () => jobsAnswer({ deploy: conclusion })
}

const auditActions = async (deployId: string) =>
  (await console_.deps.db.auditEvent.findMany({ where: { deployId }, orderBy: { id: 'asc' } })).map(
    ({ action }) => action,
  )

describe('a surface whose workflow runs from the chosen ref', () => {
  it('its workflow starts on the chosen branch or tag, is not told the commit, and its run is looked at next', async () => {
    const { id } = await deploy(await insertChosen('cancel', { dispatchInputs: { target: 'prod' } }), 'release/2')
    expect(github.dispatches().map(({ body }) => body)).toMatchObject([
      { ref: 'refs/heads/release/2', inputs: { target: 'prod' } },
    ])
    expect((await queuedJobs(console_.deps)).filter(({ key }) => key === `reconcile_deploy:${id}`)).toHaveLength(1)
  })

  it('its file is read as of the chosen ref, and needs no input for the commit', async () => {
    const content = Buffer.from('on: { workflow_dispatch: { inputs: { environment: {} } } }').toString('base64')
    github.script.onContents = () => ({ status: 200, body: { encoding: 'base64', content } })
    await deploy(await insertChosen())
    const asked = github.requests.find(({ path }) => path.includes('/contents/'))
    expect(asked?.path).toMatch(/\?ref=refs%2Fheads%2Fmain$/)
    expect(github.dispatches().map(({ body }) => Object(body).inputs)).toEqual([{ environment: 'production' }])
  })

  it.each([
    [
      'the default ref, rather than a tag',
      { tags: [{ name: 'v1', sha: SHA }], heads: ['aaa', 'main'] },
      'refs/heads/main',
    ],
    ['a tag, rather than another branch', { tags: [{ name: 'v1', sha: SHA }], heads: ['aaa'] }, 'refs/tags/v1'],
  ])('a commit starts on what points at it: %s', async (_, found, workflowRef) => {
    Object.assign(refs, found)
    const surface = await insertChosen()
    expect(await reviewDeploy(console_.deps, { surfaceId: surface.id, ref: SHA })).toMatchObject({
      ref: SHA,
      workflowRef,
    })
    await deploy(surface, SHA)
    expect(github.dispatches().map(({ body }) => body)).toMatchObject([{ ref: workflowRef }])
  })

  it('a commit to which only another branch points is refused in the review and at the dispatch, naming that branch', async () => {
    Object.assign(refs, { tags: [{ name: 'v2', sha: MOVED }], heads: ['feature'] })
    const surface = await insertChosen()
    const unfit = {
      code: 'ref_unfit',
      message: expect.stringMatching(/branch or tag only.*Nothing was deployed\..*\(feature\)/),
    }
    await expect(reviewDeploy(console_.deps, { surfaceId: surface.id, ref: SHA })).rejects.toMatchObject(unfit)
    await expect(deploy(surface, SHA)).rejects.toMatchObject(unfit)
    expect(github.dispatches()).toEqual([])
  })
})

describe('a ref that moves between the review and the start of the run', () => {
  it('its deploy raises one alarm, becomes one of the commit that runs, and is cancelled', async () => {
    const { id } = await deploy(await insertChosen())
    showRun(MOVED)
    await reconcileDeploy(console_.deps, id)
    await reconcileDeploy(console_.deps, id)
    expect(github.cancels()).toHaveLength(1)
    const view = await getDeploy(console_.deps, id)
    expect(view).toMatchObject({ sha: MOVED, terminal: false, cancel: { askedBy: 'console' } })
    expect(view.warnings).toEqual([
      expect.stringMatching(
        /^The ref main was at aaaaaaa in the review, and at bbbbbbb when GitHub started the run\. The console requested a cancel\./,
      ),
    ])
    const actions = await auditActions(id)
    expect(actions.filter((action) => action === 'console.deploy.ref_moved')).toHaveLength(1)
    showRun(MOVED, 'cancelled')
    await reconcileDeploy(console_.deps, id)
    expect(await getDeploy(console_.deps, id)).toMatchObject({ status: 'cancelled', sha: MOVED })
  })

  it('an alarm about a run that is over says that it was not cancelled', async () => {
    const { id } = await deploy(await insertChosen())
    showRun(MOVED, 'success')
    await reconcileDeploy(console_.deps, id)
    expect(github.cancels()).toEqual([])
    const { warnings, cancel } = await getDeploy(console_.deps, id)
    expect({ warnings, cancel }).toMatchObject({ warnings: [expect.stringContaining('was over before')], cancel: null })
  })

  it('the commit of its run is compared even while the rest of GitHub’s hour is reserved', async () => {
    const { id } = await deploy(await insertChosen())
    showRun(MOVED)
    const { around } = github.script
    const headers = {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '100',
      'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 1800),
    }
    github.script.around = async (asked, answer) => {
      const answered = await around(asked, answer)
      return answered === 'hang up' ? answered : { ...answered, headers }
    }
    const scarce = createDeps(console_.deps.config)
    await scarce.github.request('GET /repos/{owner}/{repo}', { owner: 'acme', repo: 'platform' })
    await runQueue(scarce)
    expect((await getDeploy(console_.deps, id)).sha).toBe(MOVED)
    await scarce.db.$disconnect()
  })

  it('its deploy continues with an alarm where the surface says so, and is recorded as the commit that shipped', async () => {
    const { id } = await deploy(await insertChosen('continue'))
    showRun(MOVED, 'success')
    await reconcileDeploy(console_.deps, id)
    expect(github.cancels()).toEqual([])
    expect(await getDeploy(console_.deps, id)).toMatchObject({
      status: 'succeeded',
      shipped: 'yes',
      sha: MOVED,
      cancel: null,
    })
    expect(await auditActions(id)).toContain('console.deploy.ref_moved')
  })

  it.each([
    ['the run is of the reviewed commit', SHA, 'cancel' as const],
    ['the workflow runs from the default ref, whose commit says nothing about the deploy', MOVED, null],
  ])('there is no alarm when %s', async (_, headSha, onMoved) => {
    const surface = await insertSurface(console_.deps)
    await console_.deps.db.surface.update({ where: { id: surface.id }, data: { onMoved } })
    const { id } = await deploy(surface)
    showRun(headSha)
    await reconcileDeploy(console_.deps, id)
    expect(github.cancels()).toEqual([])
    expect((await getDeploy(console_.deps, id)).sha).toBe(SHA)
    expect(await auditActions(id)).not.toContain('console.deploy.ref_moved')
  })
})

describe('an approval of a surface whose workflow runs from the chosen ref', () => {
  async function ask(ref: string) {
    const surface = await insertChosen('cancel', { requiresApproval: true })
    const answer = await requestDeploy(console_.deps, OPERATOR, { ...request(surface, ref), expectedSha: SHA })
    if (answer.outcome !== 'approval') throw new Error('expected an approval')
    return { surface, id: answer.approval.id }
  }

  it('is granted for the ref at which the commit was found, and refused once that ref has moved', async () => {
    refs.tags = [{ name: 'v1', sha: SHA }]
    const { id } = await ask(SHA)
    let tagged = MOVED
    github.script.onRef = () => ({
      status: 200,
      body: { ref: 'refs/tags/v1', object: { type: 'commit', sha: tagged } },
    })
    await expect(grantApproval(console_.deps, grace, id)).rejects.toMatchObject({ code: 'ref_moved' })
    tagged = SHA
    await grantApproval(console_.deps, grace, id)
    expect(github.dispatches().map(({ body }) => body)).toMatchObject([{ ref: 'refs/tags/v1' }])
  })

  it('is refused once the surface runs its workflow from the default ref', async () => {
    const { surface, id } = await ask('main')
    await console_.deps.db.surface.update({ where: { id: surface.id }, data: { onMoved: null } })
    await expect(grantApproval(console_.deps, grace, id)).rejects.toMatchObject({
      code: 'surface_changed',
    })
    expect(github.dispatches()).toEqual([])
  })
})
