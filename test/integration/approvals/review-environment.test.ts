import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { type ReviewEnvironmentInput, reviewEnvironmentInput } from '~/domain/deploy/environment-review'
import { reviewEnvironment } from '~/server/approvals/review-environment'
import { cancelDeploy } from '~/server/deploys/cancel/cancel-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { openFreeze } from '~/server/freezes/change-freezes'
import { refreshDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { OPERATOR } from '~test/support/actors'
import { insertDeployAt } from '~test/support/console'
import { type Answer, answers, SHA } from '~test/support/scripted-github'
import { type ApprovalWorld, createApprovalWorld } from './approval-world'

let world: ApprovalWorld
let run = 700n
/** What GitHub says of the run and of what it waits for, and how it answers a review. */
let gitHub: {
  attempt: number
  status: string
  headSha: string
  waiting: object[]
  answer: () => Answer | Promise<Answer>
}
beforeAll(async () => {
  world = await createApprovalWorld()
  const { script } = world.github
  const times = {
    created_at: '2026-11-29T06:00:00Z',
    started_at: null,
    completed_at: null,
    updated_at: '2026-11-29T06:00:00Z',
  }
  script.onRun = () => {
    const { attempt, status, headSha } = gitHub
    return { status: 200, body: { status, conclusion: null, run_attempt: attempt, head_sha: headSha, ...times } }
  }
  script.onJobs = () => {
    const job = { id: 9, name: 'ship', status: gitHub.status, conclusion: null, labels: [], steps: [], ...times }
    return { status: 200, body: { total_count: 1, jobs: [job] } }
  }
  script.onPendingDeployments = ({ method }) =>
    method === 'POST' ? gitHub.answer() : { status: 200, body: gitHub.waiting }
})
beforeEach(async () => {
  await world.reset()
  await world.deps.db.accessGiven.deleteMany()
  run += 1n
  const answer = () => ({ status: 200, body: [{ id: 1, environment: 'live' }] })
  gitHub = { attempt: 1, status: 'waiting', headSha: SHA, waiting: [environment(11, 'live')], answer }
})
afterAll(() => world.close())

const environment = (id: number, name: string, more: object = {}) => ({
  environment: { id, name },
  wait_timer: 0,
  wait_timer_started_at: null,
  current_user_can_approve: true,
  reviewers: [{ type: 'User', reviewer: { login: 'octocat' } }],
  ...more,
})

/** A deploy of ada's whose run waits for “live”, and grace's decision about what the deploy shows. */
async function held(more: object = {}) {
  const { id } = await insertDeployAt(world.deps, 'dispatched', { githubRunId: run })
  const requester = { requestedBy: 'ada', requestedByUserId: world.ada.userId, sha: SHA, ...more }
  await world.deps.db.deploy.update({ where: { id }, data: requester })
  return { id, input: await shown(id) }
}
async function shown(id: string, more: Partial<ReviewEnvironmentInput> = {}): Promise<ReviewEnvironmentInput> {
  await reconcileDeploy(world.deps, id)
  const waits = (await getDeploy(world.deps, id)).waitingEnvironments
  if (waits === null) throw new Error('nothing is shown to wait')
  const { environments, ...seen } = waits
  const waiting = environments.map(({ id: of, name }) => ({ id: of, name }))
  return { id, ...seen, waiting, environmentId: '11', decision: 'approved', reason: '', ...more }
}
const review = (input: ReviewEnvironmentInput, actor: Actor = world.grace) =>
  reviewEnvironment(world.deps, actor, reviewEnvironmentInput.parse(input))
const sent = () =>
  world.github.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/pending_deployments'))
const recorded = async (id: string) => {
  const where = { deployId: id, action: { startsWith: 'console.deploy.gate_' } }
  const rows = await world.deps.db.auditEvent.findMany({ where, orderBy: { id: 'asc' } })
  return rows.map(({ action, actor, payload }) => ({ action, actor, payload: payload as Record<string, unknown> }))
}
const outcomes = async (id: string) => (await recorded(id)).map(({ payload }) => payload['outcome'])
async function expectRefusal(work: Promise<unknown>, code: string, id: string) {
  await expect(work).rejects.toMatchObject({ code })
  expect(sent()).toEqual([])
  expect(await recorded(id)).toEqual([])
}

it('an approval reaches GitHub once, names the person, and is recorded before and after GitHub is asked', async () => {
  const { id, input } = await held()
  let before: unknown
  gitHub.answer = async () => {
    before = await outcomes(id)
    return { status: 200, body: [{ id: 1 }] }
  }
  expect(await review({ ...input, reason: 'Checked the plan' })).toEqual({ decision: 'approved', outcome: 'accepted' })
  expect(before).toEqual(['asked'])
  const comment = 'Approved in Deploy Console by grace: Checked the plan'
  expect(sent()).toMatchObject([
    {
      path: `/api/v3/repos/acme/platform/actions/runs/${run}/pending_deployments`,
      body: { environment_ids: [11], state: 'approved', comment },
    },
  ])
  const facts = { run_id: `${run}`, run_attempt: 1, environment_id: '11', environment: 'live', comment }
  expect(await recorded(id)).toEqual(
    ['asked', 'accepted'].map((outcome) => ({
      action: 'console.deploy.gate_approved',
      actor: 'grace',
      payload: { ...facts, outcome },
    })),
  )
  expect((await getDeploy(world.deps, id)).timeline.at(-1)?.note).toBe(
    'GitHub took the approval of the environment “live”.',
  )
})

it('a rejection needs a reason, and is recorded as a rejection', async () => {
  const { id, input } = await held()
  expect(reviewEnvironmentInput.safeParse({ ...input, decision: 'rejected', reason: ' ' }).success).toBe(false)
  await review({ ...input, decision: 'rejected', reason: 'Wrong week' })
  expect(sent()).toMatchObject([
    { body: { state: 'rejected', comment: 'Rejected in Deploy Console by grace: Wrong week' } },
  ])
  expect((await recorded(id)).map(({ action }) => action)).toEqual(Array(2).fill('console.deploy.gate_rejected'))
})

it('a repetition by the same person gets the recorded decision, and GitHub is not asked again', async () => {
  const { id, input } = await held()
  await review(input)
  gitHub.waiting = []
  expect(await review(input)).toEqual({ decision: 'approved', outcome: 'accepted' })
  expect(sent()).toHaveLength(1)
  expect((await getDeploy(world.deps, id)).waitingEnvironments?.environments).toEqual([
    { id: '11', name: 'live', reviewable: false },
  ])
})

it('of two concurrent presses by one person, only one reaches GitHub', async () => {
  const { id, input } = await held()
  const outcome = await Promise.all([review(input), review(input)])
  expect(outcome.map(({ decision }) => decision)).toEqual(['approved', 'approved'])
  expect(sent()).toHaveLength(1)
  expect(await outcomes(id)).toEqual(['asked', 'accepted'])
})

it('a decision about a list that is older than another decision is refused, and one about a newer list is sent', async () => {
  const { id, input } = await held()
  await review(input)
  await expect(review({ ...input, decision: 'rejected', reason: 'No' })).rejects.toMatchObject({
    code: 'review_outdated',
  })
  const linus = { ...world.grace, name: 'linus', userId: world.deps.newId() }
  await expect(review(input, linus)).rejects.toMatchObject({ code: 'review_outdated' })
  expect(sent()).toHaveLength(1)
  // A later job waits for the same environment.
  expect(await review(await shown(id))).toMatchObject({ outcome: 'accepted' })
  expect(sent()).toHaveLength(2)
})

it.each([
  ['GitHub breaks off', () => 'hang up' as const],
  ['GitHub fails', () => answers.serverError()],
  ['a proxy answers in its place', () => answers.html()],
])('when %s, the outcome is unknown, is never sent again, and is not called approved', async (_, answer) => {
  const { id, input } = await held()
  gitHub.answer = answer
  expect(await review(input)).toEqual({ decision: 'approved', outcome: 'unknown' })
  expect(await review(input)).toEqual({ decision: 'approved', outcome: 'unknown' })
  expect(sent()).toHaveLength(1)
  expect(await outcomes(id)).toEqual(['asked', 'unknown'])
  expect((await getDeploy(world.deps, id)).timeline.at(-1)?.note).toMatch(/^It is not known whether GitHub took/)
})

it.each([
  ['forbids it', () => answers.forbidden, /one of its required reviewers.*Resource not accessible by integration/],
  ['knows nothing that waits', () => ({ status: 422, body: { message: 'Nothing is pending' } }), /Nothing is pending/],
  ['refuses the credentials', () => answers.unauthorised, /does not accept/],
  ['is over its limit', () => answers.secondaryLimit({ retryAfter: 60 }), /decide again after that/],
])('when GitHub %s, the person sees why, and may decide again', async (_, answer, why) => {
  const { id, input } = await held()
  const takes = gitHub.answer
  gitHub.answer = answer
  await expect(review(input)).rejects.toMatchObject({ code: 'github_refused', message: expect.stringMatching(why) })
  expect(await outcomes(id)).toEqual(['asked', 'refused'])
  expect((await recorded(id)).at(-1)?.payload['detail']).toMatch(why)
  gitHub.answer = takes
  expect(await review(input)).toMatchObject({ outcome: 'accepted' })
})

it('the requester, and a deploy whose requester is not on record, are refused', async () => {
  const own = await held({ requestedByUserId: world.grace.userId })
  await expectRefusal(review(own.input), 'approval_own', own.id)
  run += 1n
  const nobody = await held({ requestedByUserId: null })
  await expectRefusal(review(nobody.input), 'approval_own', nobody.id)
})

it('an API token is refused, whatever its permissions', async () => {
  const { id, input } = await held()
  await expectRefusal(review(input, { ...world.grace, via: 'token', name: 'token:ci' }), 'permission_refused', id)
})

it('an approver who does not reach the environment, or lost the role meanwhile, is refused', async () => {
  const { id, input } = await held()
  await expectRefusal(review(input, { ...world.grace, environments: ['staging'] }), 'permission_refused', id)
  // ada's session says approver, but the members say deployer.
  const { id: other, input: second } = await held({ requestedBy: 'grace', requestedByUserId: world.grace.userId })
  await expectRefusal(review(second, { ...world.ada, role: 'approver' }), 'permission_refused', other)
})

it('a proof of identity that is too old is refused', async () => {
  const { id, input } = await held()
  await expectRefusal(review(input, { ...world.grace, provedAt: new Date(0) }), 'proof_stale', id)
})

it('an approver who is linked with the requester is refused', async () => {
  const { id, input } = await held()
  const given = { userId: world.grace.userId, givenByUserId: world.ada.userId, at: world.deps.now() }
  await world.deps.db.accessGiven.create({ data: { id: world.deps.newId(), ...given } })
  await expectRefusal(review(input), 'approver_linked', id)
})

it.each([
  ['another environment waits too', () => [environment(11, 'live'), environment(12, 'eu')]],
  ['the environment has another id', () => [environment(13, 'live')]],
  ['the environment has another name', () => [environment(11, 'renamed')]],
  ['nothing waits', () => []],
  ['the credentials may no longer review it', () => [environment(11, 'live', { current_user_can_approve: false })]],
])('if by now %s, nothing is sent, and a look is queued that shows what waits', async (_, waiting) => {
  const { id, input } = await held()
  await world.deps.db.$executeRaw`DELETE FROM graphile_worker._private_jobs`
  gitHub.waiting = waiting()
  await expectRefusal(review(input), 'review_outdated', id)
  const queued = await world.deps.db.$queryRaw<object[]>`SELECT key FROM graphile_worker.jobs`
  expect(queued).toEqual([{ key: `reconcile_deploy:${id}` }])
})

it('a run that was run again or has ended on GitHub, or is not the one of the deploy, is refused', async () => {
  const { id, input } = await held()
  await expectRefusal(review({ ...input, runId: '1' }), 'review_outdated', id)
  await expectRefusal(review({ ...input, runAttempt: 2 }), 'review_outdated', id)
  gitHub.attempt = 2
  await expectRefusal(review(input), 'review_outdated', id)
  Object.assign(gitHub, { attempt: 1, status: 'completed' })
  await expectRefusal(review(input), 'review_outdated', id)
})

it('while GitHub does not say what waits, nothing is sent', async () => {
  const { id, input } = await held()
  gitHub.waiting = [{ no: 'list' }]
  await expectRefusal(review(input), 'github_unavailable', id)
})

it('a deploy that has ended, or that somebody cancels, is refused', async () => {
  const { id, input } = await held()
  await cancelDeploy(world.deps, world.ada, id)
  await expectRefusal(review(input), 'review_outdated', id)
  expect((await getDeploy(world.deps, id)).waitingEnvironments).toBeNull()
  await world.deps.db.deploy.update({ where: { id }, data: { status: 'cancelled', finishedAt: new Date() } })
  await expectRefusal(review(input), 'deploy_ended', id)
})

it('a run that deploys another commit than the reviewed one is refused, before and after the console has recorded it', async () => {
  const { id, input } = await held({ onMoved: 'continue' })
  gitHub.headSha = 'b'.repeat(40)
  await expectRefusal(review(input), 'ref_moved', id)
  const after = await shown(id)
  await expectRefusal(review(after), 'ref_moved', id)
  expect((await getDeploy(world.deps, id)).waitingEnvironments?.environments[0]?.reviewable).toBe(false)
})

it('an approval is refused while the repository sets DEPLOY_FREEZE, whatever the deploy overrides, and a rejection is not', async () => {
  const overriding = { overrideReason: 'Fixes the outage', overriddenFreezeIds: [world.deps.newId()] }
  const { id, input } = await held(overriding)
  const { onVariable } = world.github.script
  // The variable was set after the last look at it.
  world.github.script.onVariable = () => ({ status: 200, body: { name: 'DEPLOY_FREEZE', value: 'Release week' } })
  await expectRefusal(review(input), 'frozen', id)
  world.github.script.onVariable = onVariable
  await refreshDeployFreeze(world.deps, 'acme/platform')
  world.github.script.onVariable = () => ({ status: 502, body: {} })
  await expectRefusal(review(input), 'github_unavailable', id)
  world.github.script.onVariable = onVariable
  expect(await review({ ...input, decision: 'rejected', reason: 'Not now' })).toMatchObject({ outcome: 'accepted' })
})

it('an approval is refused during a freeze that the deploy does not override, and a rejection is not', async () => {
  const { id, input } = await held()
  const freeze = await openFreeze(world.deps, OPERATOR, { environment: 'production', reason: 'Release week' })
  await expectRefusal(review(input), 'frozen', id)
  const overriding = { overrideReason: 'Fixes the outage', overriddenFreezeIds: [freeze.id] }
  await world.deps.db.deploy.update({ where: { id }, data: overriding })
  expect(await review(input)).toMatchObject({ outcome: 'accepted' })
  const { input: other } = await held()
  expect(await review({ ...other, decision: 'rejected', reason: 'Not now' })).toMatchObject({ outcome: 'accepted' })
})
