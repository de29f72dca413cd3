import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  type CallOptions,
  call,
  dispatch,
  getJobs,
  REPO,
  untilEnded,
  untilStepRuns,
} from '~test/integration/sandbox/github-client'
import { type Checkout, createCheckout } from '~test/integration/sandbox/workflow-checkout'
import { type Description, loadDescription } from '~test/support/github-description/description'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

let checkout: Checkout
let sandbox: RunningSandbox
let descriptions: Description[]
/** The values of the placeholders below, known once the sandbox has run something. */
let known: Record<string, string>

const R = '/repos/{owner}/{repo}'
const DISPATCH = `${R}/actions/workflows/{workflow_id}/dispatches`
const hello = { ref: 'main', inputs: { who: 'world' } }

beforeAll(async () => {
  descriptions = [loadDescription('api.github.com'), loadDescription('ghes-3.19')]
  checkout = createCheckout()
  sandbox = await startSandbox({
    consoleUrl: 'http://127.0.0.1:9',
    callbackSecret: 'a secret for the callbacks of tests',
    workflowsDir: checkout.dir,
  })
  const run = await dispatch(sandbox, 'hello.yml', { who: 'world' })
  await untilEnded(sandbox, run)
  const jobs = await getJobs(sandbox, run)
  const workflow = await call(sandbox, 'GET', `${REPO}/actions/workflows/hello.yml`)
  const main = await call(sandbox, 'GET', `${REPO}/commits/main`)
  known = {
    '{run}': String(run),
    '{job}': String(jobs[0]?.id),
    '{workflow}': String(z.object({ id: z.number() }).parse(workflow.json).id),
    '{sha}': z.object({ sha: z.string() }).parse(main.json).sha,
  }
})

afterAll(async () => {
  await sandbox?.stop()
  checkout?.remove()
})

interface Case extends CallOptions {
  readonly name: string
  readonly method?: string
  /** The address in GitHub's description. */
  readonly template: string
  readonly path: string
  readonly status: number
}

const of = (template: string, path: string, status = 200): Omit<Case, 'name'> => ({
  template,
  path: `${REPO}${path}`,
  status,
})

const reads: Case[] = [
  { name: 'repository', ...of(R, '') },
  {
    name: 'workflow file',
    ...of(`${R}/contents/{path}`, '/contents/.github/workflows/hello.yml?ref=main'),
  },
  { name: 'file unknown', ...of(`${R}/contents/{path}`, '/contents/none.yml', 404) },
  { name: 'file at an unknown ref', ...of(`${R}/contents/{path}`, '/contents/README.md?ref=none', 404) },
  { name: 'rate limit', template: '/rate_limit', path: '/rate_limit', status: 200 },
  { name: 'meta', template: '/meta', path: '/meta', status: 200 },
  { name: 'workflows', ...of(`${R}/actions/workflows`, '/actions/workflows') },
  { name: 'workflow by file', ...of(`${R}/actions/workflows/{workflow_id}`, '/actions/workflows/hello.yml') },
  { name: 'workflow by id', ...of(`${R}/actions/workflows/{workflow_id}`, '/actions/workflows/{workflow}') },
  { name: 'workflow unknown', ...of(`${R}/actions/workflows/{workflow_id}`, '/actions/workflows/none.yml', 404) },
  { name: 'runs', ...of(`${R}/actions/runs`, '/actions/runs?event=workflow_dispatch&status=success') },
  { name: 'runs, bad filter', ...of(`${R}/actions/runs`, '/actions/runs?created=yesterday', 422) },
  {
    name: 'runs of a workflow',
    ...of(`${R}/actions/workflows/{workflow_id}/runs`, '/actions/workflows/hello.yml/runs?per_page=1'),
  },
  {
    name: 'runs of no workflow',
    ...of(`${R}/actions/workflows/{workflow_id}/runs`, '/actions/workflows/none.yml/runs', 404),
  },
  { name: 'run', ...of(`${R}/actions/runs/{run_id}`, '/actions/runs/{run}') },
  { name: 'run unknown', ...of(`${R}/actions/runs/{run_id}`, '/actions/runs/1', 404) },
  {
    name: 'run attempt',
    ...of(`${R}/actions/runs/{run_id}/attempts/{attempt_number}`, '/actions/runs/{run}/attempts/1'),
  },
  {
    name: 'run attempt unknown',
    ...of(`${R}/actions/runs/{run_id}/attempts/{attempt_number}`, '/actions/runs/{run}/attempts/9', 404),
  },
  { name: 'jobs', ...of(`${R}/actions/runs/{run_id}/jobs`, '/actions/runs/{run}/jobs?filter=all') },
  { name: 'jobs unknown', ...of(`${R}/actions/runs/{run_id}/jobs`, '/actions/runs/1/jobs', 404) },
  {
    name: 'jobs of an attempt',
    ...of(`${R}/actions/runs/{run_id}/attempts/{attempt_number}/jobs`, '/actions/runs/{run}/attempts/1/jobs'),
  },
  { name: 'job', ...of(`${R}/actions/jobs/{job_id}`, '/actions/jobs/{job}') },
  { name: 'job unknown', ...of(`${R}/actions/jobs/{job_id}`, '/actions/jobs/1', 404) },
  { name: 'job log', ...of(`${R}/actions/jobs/{job_id}/logs`, '/actions/jobs/{job}/logs', 302) },
  { name: 'job log unknown', ...of(`${R}/actions/jobs/{job_id}/logs`, '/actions/jobs/1/logs', 404) },
  { name: 'branches', ...of(`${R}/branches`, '/branches?protected=false') },
  { name: 'branch', ...of(`${R}/branches/{branch}`, '/branches/main') },
  { name: 'branch with a slash', ...of(`${R}/branches/{branch}`, '/branches/feature/faster-search') },
  { name: 'branch with an encoded slash', ...of(`${R}/branches/{branch}`, '/branches/feature%2Ffaster-search') },
  { name: 'branch unknown', ...of(`${R}/branches/{branch}`, '/branches/none', 404) },
  { name: 'tags', ...of(`${R}/tags`, '/tags') },
  { name: 'ref of a branch', ...of(`${R}/git/ref/{ref}`, '/git/ref/heads/feature/faster-search') },
  { name: 'ref of a tag', ...of(`${R}/git/ref/{ref}`, '/git/ref/tags%2Fv1.4.0') },
  { name: 'ref by a short name', ...of(`${R}/git/ref/{ref}`, '/git/ref/main', 404) },
  { name: 'refs by prefix', ...of(`${R}/git/matching-refs/{ref}`, '/git/matching-refs/heads/f') },
  { name: 'no tag object', ...of(`${R}/git/tags/{tag_sha}`, '/git/tags/{sha}', 404) },
  { name: 'commits', ...of(`${R}/commits`, '/commits?sha=fix/login-redirect&per_page=3&page=2') },
  { name: 'commits unknown', ...of(`${R}/commits`, '/commits?sha=none', 404) },
  { name: 'commits, bad time', ...of(`${R}/commits`, '/commits?since=yesterday', 422) },
  { name: 'commit by sha', ...of(`${R}/commits/{ref}`, '/commits/{sha}') },
  { name: 'commit by branch', ...of(`${R}/commits/{ref}`, '/commits/feature/faster-search') },
  { name: 'commit by tag', ...of(`${R}/commits/{ref}`, '/commits/v1.4.0') },
  { name: 'commit unknown', ...of(`${R}/commits/{ref}`, '/commits/0000000000000000000000000000000000000000', 422) },
  { name: 'checks of a commit', ...of(`${R}/commits/{ref}/check-runs`, '/commits/{sha}/check-runs?per_page=100') },
  { name: 'checks of no commit', ...of(`${R}/commits/{ref}/check-runs`, '/commits/none/check-runs', 422) },
  { name: 'statuses of a commit', ...of(`${R}/commits/{ref}/status`, '/commits/{sha}/status') },
  { name: 'compare', ...of(`${R}/compare/{basehead}`, '/compare/v1.4.0...main') },
  { name: 'compare paged', ...of(`${R}/compare/{basehead}`, '/compare/v1.4.0...main?per_page=2&page=2') },
  { name: 'compare branches', ...of(`${R}/compare/{basehead}`, '/compare/main...feature%2Ffaster-search') },
  { name: 'compare unknown', ...of(`${R}/compare/{basehead}`, '/compare/main...none', 404) },
  { name: 'pull requests', ...of(`${R}/pulls`, '/pulls?state=closed&sort=updated&direction=desc&per_page=100') },
  { name: 'open pull requests', ...of(`${R}/pulls`, '/pulls') },
  { name: 'variables', ...of(`${R}/actions/variables`, '/actions/variables') },
  { name: 'variable', ...of(`${R}/actions/variables/{name}`, '/actions/variables/DEPLOY_FREEZE') },
  { name: 'variable unknown', ...of(`${R}/actions/variables/{name}`, '/actions/variables/NONE', 404) },
  { name: 'another repository', template: R, path: '/repos/acme/other', status: 404 },
  { name: 'wrong token', ...of(R, '', 401), token: 'not the token of this sandbox' },
  { name: 'no token', ...of(R, '', 401), token: null },
  { name: 'unknown API version', ...of(R, '', 400), version: '2020-01-01' },
]

const post = (template: string, path: string, status: number, body?: unknown): Omit<Case, 'name'> => ({
  ...of(template, path, status),
  method: 'POST',
  ...(body === undefined ? {} : { body }),
})

const HELLO = '/actions/workflows/hello.yml/dispatches'

const writes: Case[] = [
  { name: 'dispatch, 2026-03-10', ...post(DISPATCH, HELLO, 200, hello), version: '2026-03-10' },
  { name: 'dispatch, 2022-11-28', ...post(DISPATCH, HELLO, 204, hello), version: '2022-11-28' },
  { name: 'dispatch, no version', ...post(DISPATCH, HELLO, 204, hello) },
  {
    name: 'dispatch with details',
    ...post(DISPATCH, HELLO, 200, { ...hello, return_run_details: true }),
    version: '2022-11-28',
  },
  {
    name: 'dispatch by id',
    ...post(DISPATCH, '/actions/workflows/{workflow}/dispatches', 200, hello),
    version: '2026-03-10',
  },
  { name: 'dispatch, unknown workflow', ...post(DISPATCH, '/actions/workflows/none.yml/dispatches', 404, hello) },
  { name: 'dispatch, no JSON', ...post(DISPATCH, HELLO, 400, '{') },
  { name: 'dispatch without ref', ...post(DISPATCH, HELLO, 422, {}) },
  { name: 'dispatch, unknown ref', ...post(DISPATCH, HELLO, 422, { ref: 'none' }) },
  { name: 'dispatch, unknown version', ...post(DISPATCH, HELLO, 400, hello), version: '2030-01-01' },
  { name: 'cancel a completed run', ...post(`${R}/actions/runs/{run_id}/cancel`, '/actions/runs/{run}/cancel', 409) },
  { name: 'cancel an unknown run', ...post(`${R}/actions/runs/{run_id}/cancel`, '/actions/runs/1/cancel', 404) },
  {
    name: 'force-cancel a completed run',
    ...post(`${R}/actions/runs/{run_id}/force-cancel`, '/actions/runs/{run}/force-cancel', 409),
  },
  { name: 're-run', ...post(`${R}/actions/runs/{run_id}/rerun`, '/actions/runs/{run}/rerun', 201) },
  { name: 're-run an unknown run', ...post(`${R}/actions/runs/{run_id}/rerun`, '/actions/runs/1/rerun', 404) },
  {
    name: 'change a variable',
    ...of(`${R}/actions/variables/{name}`, '/actions/variables/DEPLOY_FREEZE', 204),
    method: 'PATCH',
    body: { value: 'audit' },
  },
  {
    name: 'change it to nothing',
    ...of(`${R}/actions/variables/{name}`, '/actions/variables/DEPLOY_FREEZE', 422),
    method: 'PATCH',
    body: {},
  },
  {
    name: 'change no variable',
    ...of(`${R}/actions/variables/{name}`, '/actions/variables/NONE', 404),
    method: 'PATCH',
    body: { value: 'x' },
  },
]

const fill = (path: string): string =>
  Object.entries(known).reduce((text, [key, value]) => text.replace(key, value), path)

describe("answers of the REST API compared with GitHub's description", () => {
  test.each([...reads, ...writes])(
    '$name: the answer with status $status is as GitHub describes it',
    async ({ method = 'GET', template, path, status, ...options }) => {
      const answer = await call(sandbox, method, fill(path), options)

      expect(answer.status, answer.text).toBe(status)
      const contentType = answer.headers.get('content-type') ?? ''
      const [newest] = descriptions
      // The description of the Enterprise Server is older and does not have the answer with details yet.
      const judges = template === DISPATCH && status === 200 ? [newest] : descriptions
      for (const judge of judges)
        expect(judge?.problems(method, template, status, contentType, answer.json)).toEqual([])
      expect(answer.headers.get('x-github-request-id')).toMatch(/^[0-9A-F]{20}$/)
      expect(answer.headers.get('x-ratelimit-limit')).toBe('5000')
      expect(Number(answer.headers.get('x-ratelimit-remaining'))).toBeGreaterThan(0)
      if (status === 204) expect(answer.text).toBe('')
    },
  )

  test('a request with the ETag of an unchanged answer gets 304, which does not count against the rate limit', async () => {
    const ask = (headers: Record<string, string>) => call(sandbox, 'GET', `${REPO}/branches`, { headers })
    const etag = (await ask({})).headers.get('etag') ?? ''
    const [unchanged, other] = [await ask({ 'if-none-match': etag }), await ask({ 'if-none-match': 'W/"other"' })]
    expect([unchanged.status, unchanged.text, unchanged.headers.get('etag')]).toEqual([304, '', etag])
    expect([other.status, other.headers.get('etag')]).toEqual([200, etag])
    const left = ({ headers }: typeof other) => Number(headers.get('x-ratelimit-remaining'))
    expect(left(unchanged) - left(other)).toBe(1)
  })

  test.each(['cancel', 'force-cancel'])(
    'a run in progress, its jobs and its %s are answered as GitHub describes them',
    async (how) => {
      const run = await dispatch(sandbox, 'hello.yml', { who: 'world', gate: `${checkout.dir}/never` })
      await untilStepRuns(sandbox, run, 'Wait at the gate')
      const steps = [
        ['GET', `${R}/actions/runs/{run_id}`, `/actions/runs/${run}`, 200],
        ['GET', `${R}/actions/runs/{run_id}/jobs`, `/actions/runs/${run}/jobs`, 200],
        ['POST', `${R}/actions/runs/{run_id}/rerun`, `/actions/runs/${run}/rerun`, 403],
        ['POST', `${R}/actions/runs/{run_id}/${how}`, `/actions/runs/${run}/${how}`, 202],
      ] as const
      for (const [method, template, path, status] of steps) {
        const answer = await call(sandbox, method, `${REPO}${path}`)
        expect([path, answer.status]).toEqual([path, status])
        const contentType = answer.headers.get('content-type') ?? ''
        for (const judge of descriptions) {
          expect(judge.problems(method, template, status, contentType, answer.json)).toEqual([])
        }
      }
      await untilEnded(sandbox, run)
    },
  )
})
