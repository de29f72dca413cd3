import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  call,
  dispatch,
  getJobs,
  getRun,
  REPO,
  until,
  untilEnded,
  untilStepRuns,
} from '~test/integration/sandbox/github-client'
import { type SandboxOfCheckout, startSandboxOfCheckout } from '~test/integration/sandbox/sandbox-of-checkout'
import { loadDescription } from '~test/support/github-description/description'

let checkout: SandboxOfCheckout['checkout']
let sandbox: SandboxOfCheckout['sandbox']
let stop: SandboxOfCheckout['stop'] | undefined

beforeAll(async () => {
  ;({ checkout, sandbox, stop } = await startSandboxOfCheckout())
})
afterAll(() => stop?.())

const gate = (name: string): string => path.join(checkout.dir, `gate-${name}`)
const open = (name: string): void => writeFileSync(gate(name), '')
const HELLO = `${REPO}/actions/workflows/hello.yml`

const post = (address: string) => call(sandbox, 'POST', `${REPO}/actions/runs/${address}`)

const groupSchema = z.object({ group_members: z.array(z.object({ run_name: z.string(), status: z.string() })) })
const messageSchema = z.object({ message: z.string() })
const runsSchema = z.object({ total_count: z.number(), workflow_runs: z.array(z.object({ id: z.number() })) })

const listIds = async (query: string): Promise<number[]> =>
  runsSchema.parse((await call(sandbox, 'GET', `${HELLO}/runs?${query}`)).json).workflow_runs.map(({ id }) => id)

describe('a dispatched workflow', () => {
  test('a dispatched workflow is executed, and the jobs API shows every job and step with its conclusion', async () => {
    const id = await dispatch(sandbox, 'hello.yml', { who: 'world', console_deploy_id: 'abc-1' })
    const run = await untilEnded(sandbox, id)
    const jobs = await getJobs(sandbox, id)

    expect(run).toMatchObject({ conclusion: 'success', display_title: 'Hello world (abc-1)', run_attempt: 1 })
    expect(id).toBeGreaterThan(2 ** 31)
    expect(jobs.map(({ name, conclusion }) => [name, conclusion])).toEqual([
      ['Greet', 'success'],
      ['part', 'success'],
      ['never', 'skipped'],
    ])
    expect(jobs[0]?.steps.map(({ number, name, conclusion }) => [number, name, conclusion])).toEqual([
      [1, 'Set up job', 'success'],
      [2, 'Say hello', 'success'],
      [3, 'Wait at the gate', 'skipped'],
      [4, 'Complete job', 'success'],
    ])
    expect(jobs[2]?.steps).toEqual([])
  })

  test("a job's log shows its output and masks its secrets", async () => {
    const id = await dispatch(sandbox, 'hello.yml', { who: 'reader' })
    await untilEnded(sandbox, id)
    const [job] = await getJobs(sandbox, id)
    const redirect = await call(sandbox, 'GET', `${REPO}/actions/jobs/${job?.id}/logs`)
    const log = await (await fetch(redirect.headers.get('location') ?? '')).text()

    expect(log).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z /)
    expect(log).toContain('Hello, reader')
    expect(log).toContain('the token is ***')
  })

  test('a job is listed once the jobs that it needs have ended, and has no log before its end', async () => {
    const id = await dispatch(sandbox, 'hello.yml', { who: 'world', gate: gate('needs') })
    const jobs = await untilStepRuns(sandbox, id, 'Wait at the gate')

    expect(jobs.map(({ name }) => name)).toEqual(['Greet'])
    expect((await call(sandbox, 'GET', `${REPO}/actions/jobs/${jobs[0]?.id}/logs`)).status).toBe(404)
    expect((await post(`${id}/rerun`)).status).toBe(403)
    open('needs')
    expect((await untilEnded(sandbox, id)).conclusion).toBe('success')
  })

  test('runs are found by event, time, status, branch and commit, newest first', async () => {
    const before = new Date(Date.now() - 1000).toISOString()
    const first = await dispatch(sandbox, 'hello.yml', { who: 'one' })
    const second = await dispatch(sandbox, 'hello.yml', { who: 'two' })
    await Promise.all([untilEnded(sandbox, first), untilEnded(sandbox, second)])

    const found = await listIds(`event=workflow_dispatch&created=${encodeURIComponent(`>=${before}`)}`)
    expect(found.slice(0, 2)).toEqual([second, first])
    expect(await listIds('event=push')).toEqual([])
    expect(await listIds('status=in_progress')).toEqual([])
    expect(await listIds('status=success&branch=main')).toContain(first)
    expect(await listIds(`created=${encodeURIComponent(`<${before}`)}`)).not.toContain(first)
    expect(await listIds(`head_sha=${'0'.repeat(40)}`)).toEqual([])
  })
})

describe('a dispatch that GitHub would refuse', () => {
  const cases = [
    ['hello.yml', { ref: 'no-such-ref', inputs: { who: 'x' } }, 'No ref found for: no-such-ref'],
    ['hello.yml', { ref: 'main~1', inputs: { who: 'x' } }, 'No ref found for: main~1'],
    ['hello.yml', { ref: 'main' }, "Required input 'who' not provided"],
    ['hello.yml', { ref: 'main', inputs: { who: 'x', foo: 'y' } }, 'Unexpected inputs provided: ["foo"]'],
    [
      'hello.yml',
      { ref: 'main', inputs: { who: 'x', size: 'huge' } },
      "Provided value 'huge' for input 'size' not in the list of allowed values",
    ],
    ['push-only.yml', { ref: 'main' }, "Workflow does not have 'workflow_dispatch' trigger"],
    ['hello.yml', {}, 'Invalid request.\n\n"ref" wasn\'t supplied.'],
  ] as const

  test.each(cases)("a dispatch of %s with %j is refused with GitHub's message", async (file, body, message) => {
    const before = (await listIds('')).length
    const answer = await call(sandbox, 'POST', `${REPO}/actions/workflows/${file}/dispatches`, { body })
    expect(answer.status).toBe(422)
    expect(messageSchema.parse(answer.json).message).toBe(message)
    expect((await listIds('')).length).toBe(before)
  })

  test('a dispatch of a workflow that the sandbox cannot run is refused, and the answer names the construct', async () => {
    const address = `${REPO}/actions/workflows/unsupported.yml/dispatches`
    const answer = await call(sandbox, 'POST', address, { body: { ref: 'main' } })
    expect(answer.status).toBe(422)
    expect(messageSchema.parse(answer.json).message).toContain('container')
  })
})

describe('the life of a run', () => {
  test('a run whose called workflow is not valid is accepted, has no job and cannot be run again', async () => {
    const id = await dispatch(sandbox, 'broken.yml', {})
    expect(await getRun(sandbox, id)).toMatchObject({ status: 'completed', conclusion: 'startup_failure' })
    expect(await getJobs(sandbox, id)).toEqual([])
    expect(await post(`${id}/rerun`)).toMatchObject({
      status: 403,
      json: { message: 'This workflow run cannot be retried' },
    })
    const page = await (await fetch((await getRun(sandbox, id)).html_url)).text()
    expect(page).toContain('Unable to find reusable workflow')
  })

  test('a cancelled run ends as cancelled, with the step that was running', async () => {
    const id = await dispatch(sandbox, 'hello.yml', { who: 'world', gate: gate('never-opened') })
    await untilStepRuns(sandbox, id, 'Wait at the gate')
    expect((await post(`${id}/cancel`)).status).toBe(202)

    expect((await untilEnded(sandbox, id)).conclusion).toBe('cancelled')
    const [job] = await getJobs(sandbox, id)
    expect(job?.conclusion).toBe('cancelled')
    expect(job?.steps.find(({ name }) => name === 'Wait at the gate')?.conclusion).toBe('cancelled')
    expect((await post(`${id}/cancel`)).status).toBe(409)
  })

  test('a force-cancelled run has ended when the request is answered', async () => {
    const id = await dispatch(sandbox, 'hello.yml', { who: 'world', gate: gate('never-opened') })
    await untilStepRuns(sandbox, id, 'Wait at the gate')
    expect((await post(`${id}/force-cancel`)).status).toBe(202)
    expect(await getRun(sandbox, id)).toMatchObject({ status: 'completed', conclusion: 'cancelled' })
  })

  test('a run that is started again is a second attempt with its own jobs', async () => {
    const id = await dispatch(sandbox, 'hello.yml', { who: 'again' })
    await untilEnded(sandbox, id)
    const first = await getJobs(sandbox, id)
    expect((await post(`${id}/rerun`)).status).toBe(201)
    const run = await untilEnded(sandbox, id)
    const latest = await getJobs(sandbox, id)
    const all = await getJobs(sandbox, id, '?filter=all')

    expect(run).toMatchObject({ run_attempt: 2, conclusion: 'success' })
    expect(latest.every(({ run_attempt }) => run_attempt === 2)).toBe(true)
    expect(all.map((job) => job.id)).toEqual([...first, ...latest].map((job) => job.id))
    expect(new Set(all.map((job) => job.id)).size).toBe(6)
  })

  test('a run waits in the queue while two others are in progress', async () => {
    const ids = []
    for (let count = 0; count < 3; count += 1) {
      ids.push(await dispatch(sandbox, 'hello.yml', { who: 'queue', gate: gate('queue') }))
    }
    const [first = 0, second = 0, third = 0] = ids
    await untilStepRuns(sandbox, first, 'Wait at the gate')
    await untilStepRuns(sandbox, second, 'Wait at the gate')
    expect(await getRun(sandbox, third)).toMatchObject({ status: 'queued', conclusion: null })
    open('queue')
    const ended = await Promise.all(ids.map((id) => untilEnded(sandbox, id)))
    expect(ended.map(({ conclusion }) => conclusion)).toEqual(['success', 'success', 'success'])
  })

  test('a run waits for its concurrency group, and a newer one takes its place', async () => {
    const inputs = { gate: gate('serial') }
    const first = await dispatch(sandbox, 'serial.yml', inputs)
    await until(
      () => getRun(sandbox, first),
      ({ status }) => status === 'in_progress',
    )
    const second = await dispatch(sandbox, 'serial.yml', inputs)
    expect((await getRun(sandbox, second)).status).toBe('pending')
    const third = await dispatch(sandbox, 'serial.yml', inputs)
    expect(await getRun(sandbox, second)).toMatchObject({ status: 'completed', conclusion: 'cancelled' })
    open('serial')
    expect((await untilEnded(sandbox, third)).conclusion).toBe('success')
    expect((await getRun(sandbox, first)).conclusion).toBe('success')
  })

  test('with `queue: max`, runs wait for their group in order, and the API says what is ahead of each', async () => {
    const start = (who: string) => dispatch(sandbox, 'ordered.yml', { who, gate: gate('ordered') })
    const ids = [await start('first'), await start('second'), await start('third')]
    const [first = 0, second = 0, third = 0] = ids
    await untilStepRuns(sandbox, first, 'Run until [ -e "$GATE" ]; do sleep 0.1; done')
    const statuses = async () => (await Promise.all(ids.map((id) => getRun(sandbox, id)))).map(({ status }) => status)
    expect(await statuses()).toEqual(['in_progress', 'pending', 'pending'])
    const group = `${REPO}/actions/concurrency_groups/lines`
    const ahead = groupSchema.parse((await call(sandbox, 'GET', `${group}?ahead_of_run=${second}`)).json)
    expect(ahead.group_members.map(({ run_name, status }) => `${run_name} ${status}`)).toEqual([
      'first in_progress',
      'second pending',
    ])
    const own = await call(sandbox, 'GET', `${REPO}/actions/runs/${third}/concurrency_groups`)
    expect(own.json).toMatchObject({ concurrency_groups: [{ group_name: 'Lines', group_members: [{ position: 2 }] }] })
    const problems = async (template: string, address: string, status: number) => {
      const answer = await call(sandbox, 'GET', `${REPO}${address}`)
      const type = answer.headers.get('content-type') ?? ''
      return answer.status === status
        ? loadDescription('api.github.com').problems(
            'GET',
            `/repos/{owner}/{repo}${template}`,
            status,
            type,
            answer.json,
          )
        : [`answered ${answer.status}`]
    }
    const [groups, runs] = ['/actions/concurrency_groups', '/actions/runs']
    expect(await problems(groups, groups, 200)).toEqual([])
    expect(await problems(`${groups}/{concurrency_group_name}`, `${groups}/Lines`, 200)).toEqual([])
    expect(await problems(`${groups}/{concurrency_group_name}`, `${groups}/none`, 404)).toEqual([])
    expect(await problems(`${groups}/{concurrency_group_name}`, `${groups}/Lines?ahead_of_run=1`, 422)).toEqual([])
    expect(await problems(`${runs}/{run_id}/concurrency_groups`, `${runs}/${third}/concurrency_groups`, 200)).toEqual(
      [],
    )
    open('ordered')
    const ended = await Promise.all(ids.map((id) => untilEnded(sandbox, id)))
    expect(ended.map(({ conclusion }) => conclusion)).toEqual(['success', 'success', 'success'])
    expect((await call(sandbox, 'GET', group)).status).toBe(404)
  })

  test('with `cancel-in-progress`, which may be an expression, a newer run ends the one in progress', async () => {
    const start = (name: string) => dispatch(sandbox, 'ordered.yml', { who: name, gate: gate(name), cancel: 'true' })
    const first = await start('never-opened')
    await untilStepRuns(sandbox, first, 'Run until [ -e "$GATE" ]; do sleep 0.1; done')
    open('newer')
    expect((await untilEnded(sandbox, await start('newer'))).conclusion).toBe('success')
    expect((await getRun(sandbox, first)).conclusion).toBe('cancelled')
  })
})
