import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { call, getJobs, getRun, until, untilEnded } from '~test/integration/sandbox/github-client'
import { type SandboxOfCheckout, startSandboxOfCheckout } from '~test/integration/sandbox/sandbox-of-checkout'
import { type Description, loadDescription } from '~test/support/github-description/description'

const SHOP = '/repos/acme/storefront'
const R = '/repos/{owner}/{repo}'
const BOTH = 'mei,deploy-console'

let sandbox: SandboxOfCheckout['sandbox']
let stop: SandboxOfCheckout['stop'] | undefined
let descriptions: readonly Description[]
let run: number

beforeAll(async () => {
  ;({ sandbox, stop } = await startSandboxOfCheckout())
  descriptions = [loadDescription('api.github.com'), loadDescription('ghes-3.19')]
  await control('/control/surfaces/storefront', { behaviour: 'quick' })
})
afterAll(() => stop?.())

const control = async (address: string, body: unknown) => {
  const headers = { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json' }
  return (await fetch(`${sandbox.url}${address}`, { method: 'POST', headers, body: JSON.stringify(body) })).status
}
const protect = (wait_timer: number, reviewers: string) =>
  control('/control/environments/live', { wait_timer, reviewers })

/** Asks GitHub's API about the storefront, and compares the answer with GitHub's descriptions. */
const ask = async (method: string, template: string, address: string, status: number, body?: unknown) => {
  const answer = await call(sandbox, method, `${SHOP}${address}`, body === undefined ? {} : { body })
  expect([answer.status, answer.text]).toEqual([status, answer.text])
  const type = answer.headers.get('content-type') ?? ''
  for (const judge of descriptions) {
    expect(judge.problems(method, `${R}${template}`, status, type, answer.json)).toEqual([])
  }
  return answer.json
}
const PENDING = '/actions/runs/{run_id}/pending_deployments'
const pendingSchema = z.array(
  z.object({
    environment: z.object({ id: z.number(), name: z.string() }),
    wait_timer: z.number(),
    wait_timer_started_at: z.string().nullable(),
    current_user_can_approve: z.boolean(),
    reviewers: z.array(z.object({ reviewer: z.object({ login: z.string() }) })),
  }),
)
const pending = async () =>
  pendingSchema.parse(await ask('GET', PENDING, `/actions/runs/${run}/pending_deployments`, 200))
const review = async (status: number, state: string, ids?: readonly number[]) =>
  ask('POST', PENDING, `/actions/runs/${run}/pending_deployments`, status, {
    environment_ids: ids ?? (await pending()).map(({ environment }) => environment.id),
    state,
    comment: 'Looked at it',
  })
const conclusions = async () =>
  (await getJobs(sandbox, run, '', SHOP)).map(({ name, status, conclusion }) => `${name}: ${conclusion ?? status}`)

/** Releases to the environment, which has these rules, and waits until the run does. */
async function releaseWith(waitTimer: number, reviewers: string): Promise<void> {
  expect(await protect(waitTimer, reviewers)).toBe(200)
  const { sha } = z.object({ sha: z.string() }).parse((await call(sandbox, 'GET', `${SHOP}/commits/main`)).json)
  const answer = await call(sandbox, 'POST', `${SHOP}/actions/workflows/release.yml/dispatches`, {
    body: { ref: 'main', inputs: { version: 'v9', commit: sha, target: 'live' } },
    version: '2026-03-10',
  })
  run = z.object({ workflow_run_id: z.number() }).parse(answer.json).workflow_run_id
  await until(
    () => getRun(sandbox, run, SHOP),
    ({ status }) => status === 'waiting',
  )
}
afterEach(async () => {
  await call(sandbox, 'POST', `${SHOP}/actions/runs/${run}/cancel`)
  await untilEnded(sandbox, run, SHOP)
})

test('jobs of a protected environment wait for a reviewer, and run after the approval of all of them', async () => {
  await releaseWith(0, BOTH)
  expect(await conclusions()).toEqual([
    'checks / pages: success',
    'checks / shop: success',
    'apply (eu) / upload: waiting',
    'apply (us) / upload: waiting',
  ])
  expect(await pending()).toMatchObject([
    {
      environment: { name: 'live' },
      current_user_can_approve: true,
      reviewers: [{ reviewer: { login: 'mei' } }, { reviewer: { login: 'deploy-console' } }],
    },
  ])
  const [job] = (await getJobs(sandbox, run, '', SHOP)).slice(-1)
  await ask('GET', '/actions/jobs/{job_id}', `/actions/jobs/${job?.id}`, 200)
  expect(await review(200, 'approved')).toHaveLength(2)
  expect((await untilEnded(sandbox, run, SHOP)).conclusion).toBe('success')
  const approvals = await ask('GET', '/actions/runs/{run_id}/approvals', `/actions/runs/${run}/approvals`, 200)
  expect(approvals).toMatchObject([
    { state: 'approved', comment: 'Looked at it', user: { login: 'deploy-console' }, environments: [{ name: 'live' }] },
  ])
  expect(await pending()).toEqual([])
  await review(422, 'approved', [1])
})

test('a rejected job fails without a step, and the run fails with it', async () => {
  await releaseWith(0, BOTH)
  await review(200, 'rejected')
  expect((await untilEnded(sandbox, run, SHOP)).conclusion).toBe('failure')
  expect((await conclusions()).slice(2)).toEqual([
    'apply (eu) / upload: failure',
    'apply (us) / upload: failure',
    'verify: skipped',
  ])
  expect((await getJobs(sandbox, run, '', SHOP)).slice(2).every(({ steps }) => steps.length === 0)).toBe(true)
})

test('a run that is cancelled while it waits ends as cancelled', async () => {
  await releaseWith(0, BOTH)
  expect((await call(sandbox, 'POST', `${SHOP}/actions/runs/${run}/cancel`)).status).toBe(202)
  expect((await untilEnded(sandbox, run, SHOP)).conclusion).toBe('cancelled')
  expect((await conclusions()).slice(2, 4)).toEqual([
    'apply (eu) / upload: cancelled',
    'apply (us) / upload: cancelled',
  ])
})

test('a token whose owner is no reviewer may not decide, and a person may on the control page', async () => {
  await releaseWith(0, 'mei')
  expect(await pending()).toMatchObject([{ current_user_can_approve: false }])
  await review(403, 'approved')
  const form = (fields: Record<string, string>) =>
    fetch(`${sandbox.url}/control/reviews`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: sandbox.url },
      body: new URLSearchParams({ run: String(run), ...fields }),
    })
  expect((await form({ state: 'approved', reviewer: 'jonas' })).status).toBe(400)
  expect(await (await fetch(sandbox.url)).text()).toContain(`name="run" value="${run}"`)
  expect((await form({ state: 'approved', reviewer: 'mei' })).status).toBe(303)
  expect((await untilEnded(sandbox, run, SHOP)).conclusion).toBe('success')
  expect((await form({ state: 'approved', reviewer: 'mei' })).status).toBe(404)
})

test('an environment with a wait timer holds its jobs without a reviewer, until an administrator starts them', async () => {
  await releaseWith(30, '')
  const [entry] = await pending()
  expect(entry).toMatchObject({ wait_timer: 30, reviewers: [], current_user_can_approve: false })
  expect(Date.parse(entry?.wait_timer_started_at ?? '')).toBeGreaterThan(Date.now() - 60_000)
  expect(await control('/control/reviews', { run, state: 'started' })).toBe(200)
  expect((await untilEnded(sandbox, run, SHOP)).conclusion).toBe('success')
})

test('environments are listed with their protection rules', async () => {
  await releaseWith(5, BOTH)
  const listed = await ask('GET', '/environments', '/environments', 200)
  expect(listed).toMatchObject({ environments: [{ name: 'preview', protection_rules: [] }, { name: 'live' }] })
  const live = await ask('GET', '/environments/{environment_name}', '/environments/Live', 200)
  expect(live).toMatchObject({ protection_rules: [{ wait_timer: 5 }, { type: 'required_reviewers' }] })
  await ask('GET', '/environments/{environment_name}', '/environments/none', 404)
  // Approved, the jobs still wait for the timer.
  await review(200, 'approved')
  expect(await pending()).toHaveLength(1)
  expect(await control('/control/environments/none', { wait_timer: 0, reviewers: '' })).toBe(404)
  expect(await protect(0, 'nobody-known')).toBe(400)
})
