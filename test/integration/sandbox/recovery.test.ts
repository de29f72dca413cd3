import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
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
import { type Checkout, createCheckout } from '~test/integration/sandbox/workflow-checkout'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

let checkout: Checkout
let dir: string
let running: RunningSandbox[]

beforeEach(() => {
  checkout = createCheckout()
  dir = mkdtempSync(path.join(tmpdir(), 'sandbox state '))
  running = []
})

afterEach(async () => {
  for (const sandbox of running) await sandbox.stop()
  checkout.remove()
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
})

const start = async (): Promise<RunningSandbox> => {
  const sandbox = await startSandbox({
    consoleUrl: 'http://127.0.0.1:9',
    callbackSecret: 'a secret for the callbacks of tests',
    workflowsDir: checkout.dir,
    dir,
    token: 'the-same-token-over-restarts',
  })
  running.push(sandbox)
  return sandbox
}

const headSchema = z.object({ sha: z.string(), commit: z.object({ message: z.string() }) })
const head = async (sandbox: RunningSandbox) =>
  headSchema.parse((await call(sandbox, 'GET', `${REPO}/commits/main`)).json)

const stepProcesses = (): string =>
  execFileSync('sh', ['-c', `ls -l /proc/[0-9]*/cwd 2>/dev/null | grep -F '${dir}/work' || true`], { encoding: 'utf8' })

test('a restart keeps port, runs, versions and variables, and ids continue to grow', async () => {
  const first = await start()
  const before = await dispatch(first, 'hello.yml', { who: 'before' })
  await untilEnded(first, before)
  const shown = await getRun(first, before)
  const jobs = await getJobs(first, before)
  const version = await (await fetch(`${first.url}/surfaces/console/version`)).text()
  await call(first, 'PATCH', `${REPO}/actions/variables/DEPLOY_FREEZE`, { body: { value: 'audit week' } })
  await first.stop()

  const second = await start()
  expect(second.url).toBe(first.url)
  expect(await getRun(second, before)).toEqual(shown)
  expect(await getJobs(second, before)).toEqual(jobs)
  expect(await (await fetch(`${second.url}/surfaces/console/version`)).text()).toBe(version)
  const freeze = await call(second, 'GET', `${REPO}/actions/variables/DEPLOY_FREEZE`)
  expect(z.object({ value: z.string() }).parse(freeze.json).value).toBe('audit week')
  const after = await dispatch(second, 'hello.yml', { who: 'after' })
  expect(after).toBeGreaterThan(before)
  expect((await untilEnded(second, after)).run_number).toBe(2)
})

test('after a kill, a run in progress fails with a lost runner, and a queued run is executed', async () => {
  const first = await start()
  const gate = path.join(checkout.dir, 'gate')
  const lost = await dispatch(first, 'hello.yml', { who: 'lost', gate })
  const other = await dispatch(first, 'hello.yml', { who: 'other', gate })
  const queued = await dispatch(first, 'hello.yml', { who: 'queued' })
  await untilStepRuns(first, lost, 'Wait at the gate')
  await untilStepRuns(first, other, 'Wait at the gate')
  await first.kill()

  const second = await start()
  const run = await getRun(second, lost)
  expect(run).toMatchObject({ status: 'completed', conclusion: 'failure' })
  const jobs = await getJobs(second, lost)
  expect(jobs.map(({ name, conclusion }) => [name, conclusion])).toEqual([
    ['Greet', 'failure'],
    ['part', 'skipped'],
    ['never', 'skipped'],
  ])
  expect(jobs[0]?.steps.find(({ name }) => name === 'Wait at the gate')?.conclusion).toBe('failure')
  const page = await (await fetch(run.html_url.replace(first.url, second.url))).text()
  expect(page).toContain('The hosted runner lost communication with the server.')
  const log = await fetch(`${second.url}/acme/platform/actions/runs/${lost}/job/${jobs[0]?.id}/log`)
  expect(await log.text()).toContain('##[error]The hosted runner lost communication with the server.')
  expect((await untilEnded(second, queued)).conclusion).toBe('success')
  // The next start ends the steps that the killed sandbox left behind, and deletes their scratch directories.
  await until(
    async () => stepProcesses(),
    (left) => left === '',
  )
  await until(
    async () => existsSync(path.join(dir, 'work', `${queued}-1`)),
    (exists) => !exists,
  )
  expect(existsSync(path.join(dir, 'work', `${lost}-1`))).toBe(false)
})

test('after a stop, a run that waited for a reviewer is cancelled and says why, and the run queued behind it goes on', async () => {
  const first = await start()
  const shop = '/repos/acme/storefront'
  const release = async (): Promise<number> => {
    const answer = await call(first, 'POST', `${shop}/actions/workflows/release.yml/dispatches`, {
      body: { ref: 'main', inputs: { version: 'v9', commit: 'main', target: 'live' } },
      version: '2026-03-10',
    })
    return z.object({ workflow_run_id: z.number() }).parse(answer.json).workflow_run_id
  }
  const waiting = await release()
  await until(
    () => getRun(first, waiting, shop),
    ({ status }) => status === 'waiting',
  )
  const queued = await release()
  expect((await getRun(first, queued, shop)).status).toBe('pending')
  await first.stop()

  const second = await start()
  const run = await getRun(second, waiting, shop)
  expect(run).toMatchObject({ status: 'completed', conclusion: 'cancelled' })
  expect((await getJobs(second, waiting, '', shop)).map(({ name, conclusion }) => `${name}: ${conclusion}`)).toEqual([
    'checks / pages: success',
    'checks / shop: success',
    'apply (eu) / upload: cancelled',
    'apply (us) / upload: cancelled',
    'verify: skipped',
  ])
  expect(await (await fetch(run.html_url)).text()).toContain('On GitHub, it would still wait.')
  await until(
    () => getRun(second, queued, shop),
    ({ status }) => status === 'in_progress' || status === 'waiting',
  )
})

test("a start commits the checkout's workflows if they changed, and only then", async () => {
  const first = await start()
  const before = await head(first)
  await first.stop()
  const unchanged = await start()
  expect((await head(unchanged)).sha).toBe(before.sha)
  await unchanged.stop()

  checkout.write(
    '.github/workflows/new.yml',
    'name: New\non: workflow_dispatch\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo new\n',
  )
  rmSync(path.join(checkout.dir, '.github/workflows/unsupported.yml'))
  const changed = await start()
  const after = await head(changed)
  expect(after.sha).not.toBe(before.sha)
  expect(after.commit.message).toBe('Update the deploy workflows')
  expect((await call(changed, 'GET', `${REPO}/actions/workflows/unsupported.yml`)).status).toBe(404)
  const run = await dispatch(changed, 'new.yml', {})
  expect((await untilEnded(changed, run)).conclusion).toBe('success')
})

test('the sandbox and its steps end when the process that started it is gone', async () => {
  const sandbox = await start()
  const run = await dispatch(sandbox, 'hello.yml', { who: 'world', gate: path.join(checkout.dir, 'never') })
  await untilStepRuns(sandbox, run, 'Wait at the gate')
  sandbox.process.disconnect()
  await once(sandbox.process, 'exit')
  expect(sandbox.process.exitCode).toBe(0)
  expect(stepProcesses()).toBe('')
})

test('a start right after the launcher died takes over, and the run in progress fails', async () => {
  const first = await start()
  const run = await dispatch(first, 'hello.yml', { who: 'world', gate: path.join(checkout.dir, 'never') })
  await untilStepRuns(first, run, 'Wait at the gate')
  first.process.disconnect()
  const second = await start()
  expect(await getRun(second, run)).toMatchObject({ status: 'completed', conclusion: 'failure' })
  const next = await dispatch(second, 'hello.yml', { who: 'next' })
  expect((await untilEnded(second, next)).conclusion).toBe('success')
})

test('SIGTERM ends the sandbox with exit code 0', async () => {
  const sandbox = await start()
  sandbox.process.kill('SIGTERM')
  await once(sandbox.process, 'exit')
  expect(sandbox.process.exitCode).toBe(0)
})

test('a second sandbox on the same directory is refused, and the first continues', async () => {
  const first = await start()
  await expect(start()).rejects.toThrow(/Another sandbox already uses/)
  expect((await call(first, 'GET', '/rate_limit')).status).toBe(200)
})

test('the file with the token is readable for its owner only, and the token is not printed', async () => {
  const sandbox = await start()
  const file = path.join(dir, 'sandbox.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ url: sandbox.url, token: sandbox.token })
  expect(sandbox.output()).not.toContain(sandbox.token)
})

test('another program on the remembered port is not taken for a sandbox and never gets the token', async () => {
  const first = await start()
  await first.stop()
  const seen: string[] = []
  const stranger = createServer((request, response) => {
    seen.push(JSON.stringify(request.headers) + request.url)
    response.end('hello')
  })
  stranger.listen(Number(new URL(first.url).port), '127.0.0.1')
  await once(stranger, 'listening')
  try {
    const second = await start()
    expect(second.url).not.toBe(first.url)
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.join()).not.toContain(second.token)
  } finally {
    stranger.close()
  }
})

test('the stored files of a run contain no secret', async () => {
  const sandbox = await start()
  const run = await dispatch(sandbox, 'hello.yml', { who: 'world' })
  await untilEnded(sandbox, run)
  const kept = readdirSync(path.join(dir, 'runs'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const text = kept.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8')).join()
  const { deployHookToken } = z
    .object({ deployHookToken: z.string() })
    .parse(JSON.parse(readFileSync(path.join(dir, 'secrets.json'), 'utf8')))
  expect(text).toContain('Hello, world')
  for (const secret of [deployHookToken, 'a secret for the callbacks of tests', sandbox.token])
    expect(text).not.toContain(secret)
})

test('a damaged document stops the start with its name and is kept', async () => {
  const first = await start()
  await first.stop()
  writeFileSync(path.join(dir, 'variables.json'), '{"half":')
  await expect(start()).rejects.toThrow(/variables\.json/)
  expect(readFileSync(path.join(dir, 'variables.json'), 'utf8')).toBe('{"half":')
})
