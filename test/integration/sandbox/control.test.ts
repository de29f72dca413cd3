import { execFile } from 'node:child_process'
import { request } from 'node:http'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { programArgs } from '~/launch/build/programs'
import { call, dispatch, getRun, REPO, untilEnded, untilStepRuns } from '~test/integration/sandbox/github-client'
import { type SandboxOfCheckout, startSandboxOfCheckout } from '~test/integration/sandbox/sandbox-of-checkout'

let sandbox: SandboxOfCheckout['sandbox']
let stop: SandboxOfCheckout['stop'] | undefined

beforeAll(async () => {
  ;({ sandbox, stop } = await startSandboxOfCheckout())
})
afterAll(() => stop?.())

const form = (address: string, fields: Record<string, string>, headers: Record<string, string>) =>
  fetch(`${sandbox.url}${address}`, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields), headers })

const control = (address: string, body: unknown, token = sandbox.token) =>
  fetch(`${sandbox.url}${address}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const frontPage = async (): Promise<string> => (await fetch(sandbox.url)).text()

describe('the control page of the sandbox', () => {
  test('the control page shows every surface and loads nothing from the network', async () => {
    const answer = await fetch(sandbox.url)
    const page = await answer.text()
    for (const id of ['console', 'api-prod', 'customer-docs', 'status-page']) expect(page).toContain(`/surfaces/${id}/`)
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    // A browser loads every address except links.
    expect(page.replaceAll(/<a [^>]*>/g, '')).not.toMatch(/(src|href)="(https?:)?\/\//)
    expect(page).not.toContain('<script')
  })

  test('every page links back to the console', async () => {
    expect(await frontPage()).toContain('href="http://127.0.0.1:9/">Deploy Console</a>')
    expect(await (await fetch(`${sandbox.url}/nowhere`)).text()).toContain('href="http://127.0.0.1:9/"')
  })

  test("the control page's own form changes a surface", async () => {
    const answer = await form('/control/surfaces/console', { behaviour: 'slow' }, { origin: sandbox.url })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
    expect(await frontPage()).toMatch(/value="slow" selected/)
    await form(
      '/control/surfaces/console',
      { behaviour: 'normal' },
      { origin: sandbox.url, 'sec-fetch-site': 'same-origin' },
    )
    expect(await frontPage()).not.toMatch(/value="slow" selected/)
  })

  test.each([
    ['of another site', { origin: 'https://elsewhere.example' }],
    ['of another port', { origin: 'http://127.0.0.1:1' }],
    ['of a sandboxed frame', { origin: 'null' }],
    ['that the browser calls cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['that the browser calls same-site', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:1' }],
    ['without an origin or a token', {}],
    ['with a wrong token', { authorization: 'Bearer wrong' }],
  ])('a post %s is refused', async (_what, headers) => {
    const answer = await form('/control/surfaces/console', { behaviour: 'unhealthy' }, headers)
    expect([401, 403]).toContain(answer.status)
    expect(await frontPage()).not.toMatch(/value="unhealthy" selected/)
  })

  test('a post under another host name is refused', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const { port } = new URL(sandbox.url)
      const headers = { host: `evil.example:${port}`, origin: `http://evil.example:${port}` }
      request({ host: '127.0.0.1', port, method: 'POST', path: '/control/freeze', headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .once('error', reject)
        .end()
    })
    expect(status).toBe(421)
  })

  test('a freeze of production is shown with its reason as text, and is the variable DEPLOY_FREEZE', async () => {
    const reason = '<b>audit</b> & "rest"'
    await form('/control/freeze', { reason }, { origin: sandbox.url })
    expect(await frontPage()).toContain('&lt;b&gt;audit&lt;/b&gt; &amp; &quot;rest&quot;')
    const variable = await call(sandbox, 'GET', `${REPO}/actions/variables/DEPLOY_FREEZE`)
    expect(variable.json).toMatchObject({ value: reason })
    await form('/control/freeze', { reason: '' }, { origin: sandbox.url })
    const lifted = await call(sandbox, 'GET', `${REPO}/actions/variables/DEPLOY_FREEZE`)
    expect(lifted.json).toMatchObject({ value: 'false' })
  })
})

describe('the pages that the API links to', () => {
  test('a run page shows jobs, steps and logs, escapes them, and does not reload after the end', async () => {
    const id = await dispatch(sandbox, 'hello.yml', { who: '<script>alert(1)</script>', console_deploy_id: 'abc-7' })
    await untilEnded(sandbox, id)
    const page = await (await fetch(`${sandbox.url}/acme/platform/actions/runs/${id}`)).text()
    for (const text of ['Greet', 'Say hello', 'Complete job', 'Hello, &lt;script&gt;']) expect(page).toContain(text)
    expect(page).not.toContain('<script')
    expect(page).not.toContain('http-equiv="refresh"')
    expect(page).toContain('href="http://127.0.0.1:9/deploys/abc-7"')
  })

  test("commit and compare pages show git's commits, and unknown ones are answered 404", async () => {
    const commit = await (await fetch(`${sandbox.url}/acme/platform/commit/v1.4.1`)).text()
    expect(commit).toContain('Return a hundred orders at once (#23)')
    expect(commit).toContain('+const LIMIT = 100')
    const compare = await (await fetch(`${sandbox.url}/acme/platform/compare/v1.4.1...main`)).text()
    expect(compare).toContain('7 ahead, 0 behind')
    expect((await fetch(`${sandbox.url}/acme/platform/commit/none`)).status).toBe(404)
    expect((await fetch(`${sandbox.url}/acme/platform/compare/main...none`)).status).toBe(404)
  })
})

describe('the sandbox command', () => {
  const command = programArgs(path.resolve(import.meta.dirname, '../../..'), 'src/sandbox/control.ts')
  const sandboxCommand = (...args: string[]) =>
    promisify(execFile)(process.execPath, [...command, ...args], {
      env: { ...process.env, SANDBOX_DIR: sandbox.dir },
    })

  test('the command changes surfaces and the freeze, and shows them without the token', async () => {
    await sandboxCommand('surface', 'status-page', 'slow')
    await sandboxCommand('freeze', 'release week')
    const { stdout } = await sandboxCommand('status')
    expect(stdout).toMatch(/status-page +[0-9a-f]{7} +healthy +slow/)
    expect(stdout).toContain('production is frozen: release week')
    expect(stdout).not.toContain(sandbox.token)
    await sandboxCommand('freeze', 'off')
    expect((await sandboxCommand('status')).stdout).toContain('production is not frozen')
  })

  test('the command names what is wrong with an unknown surface, behaviour or verb', async () => {
    await expect(sandboxCommand('surface', 'nowhere', 'slow')).rejects.toThrow(/There is no surface "nowhere"/)
    await expect(sandboxCommand('surface', 'console', 'angry')).rejects.toThrow(/one of normal, quick, slow/)
    await expect(sandboxCommand('dance')).rejects.toThrow(/Usage/)
  })
})

describe('a planned fault', () => {
  const DISPATCH = 'POST /actions/workflows/:workflow/dispatches'
  const post = () =>
    call(sandbox, 'POST', `${REPO}/actions/workflows/hello.yml/dispatches`, {
      body: { ref: 'main', inputs: { who: 'x' } },
    })
  const count = async (): Promise<number> => {
    const answer = await call(sandbox, 'GET', `${REPO}/actions/workflows/hello.yml/runs?per_page=1`)
    return z.object({ total_count: z.number() }).parse(answer.json).total_count
  }

  afterEach(() => control('/control/faults/clear', {}))

  test('planning a fault requires the token', async () => {
    expect((await control('/control/faults', { endpoint: DISPATCH, kind: 'drop' }, 'wrong')).status).toBe(401)
  })

  test('a fault can fail a dispatch after the sandbox accepted it', async () => {
    const before = await count()
    await control('/control/faults', { endpoint: DISPATCH, kind: 'status', status: 502, after: true })
    expect((await post()).status).toBe(502)
    expect(await count()).toBe(before + 1)
    expect((await post()).status).toBe(204)
  })

  test('a fault can fail a dispatch before it is accepted, as often as asked', async () => {
    const before = await count()
    await control('/control/faults', { endpoint: DISPATCH, kind: 'status', status: 429, times: 2 })
    const answers = [await post(), await post()]
    expect(answers.map(({ status }) => status)).toEqual([429, 429])
    expect(answers[0]?.headers.get('retry-after')).toBe('1')
    expect(await count()).toBe(before)
  })

  test('a fault can close the connection without an answer', async () => {
    await control('/control/faults', { endpoint: DISPATCH, kind: 'drop' })
    await expect(post()).rejects.toThrow()
    expect((await post()).status).toBe(204)
  })
})

describe('a paused step', () => {
  const setPaused = (paused: boolean) => control('/control/pauses', { step: 'Say hello', paused })

  test('a paused step keeps its run in progress until it is resumed', async () => {
    await setPaused(true)
    const id = await dispatch(sandbox, 'hello.yml', { who: 'patience' })
    await untilStepRuns(sandbox, id, 'Say hello')
    expect(await getRun(sandbox, id)).toMatchObject({ status: 'in_progress' })
    await setPaused(false)
    expect(await untilEnded(sandbox, id)).toMatchObject({ conclusion: 'success' })
  })

  test('a paused step does not prevent a cancellation', async () => {
    await setPaused(true)
    const id = await dispatch(sandbox, 'hello.yml', { who: 'nobody' })
    await untilStepRuns(sandbox, id, 'Say hello')
    await call(sandbox, 'POST', `${REPO}/actions/runs/${id}/cancel`)
    expect(await untilEnded(sandbox, id)).toMatchObject({ conclusion: 'cancelled' })
    await setPaused(false)
  })

  test('pausing a step requires the token', async () => {
    expect((await control('/control/pauses', { step: 'Say hello', paused: true }, 'wrong')).status).toBe(401)
  })
})
