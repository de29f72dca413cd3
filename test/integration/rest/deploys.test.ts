import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lockSurface } from '~/server/freezes/change-freezes'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { commit, SHA, startScriptedGitHub } from '~test/support/scripted-github'
import { cookieOf } from '~test/support/sessions'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let rest: ReturnType<typeof restClient>

beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  rest = restClient(console_.deps)
})
beforeEach(() => {
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

async function newRequest(overrides: Record<string, unknown> = {}) {
  const surface = await insertSurface(console_.deps)
  return { surface: surface.id, ref: 'main', confirmation: surface.confirm, ...overrides }
}

const post = (body: unknown, headers: Record<string, string> = { 'idempotency-key': randomUUID() }) =>
  rest.call('POST', '/api/internal/deploys', { headers, body })

describe('POST /api/internal/deploys', () => {
  it('a deploy request is dispatched once and answered 202 with the address to poll', async () => {
    const answer = await post(await newRequest({ reason: 'Release 42' }))
    expect(answer.status).toBe(202)
    expect(answer.body).toEqual({ id: expect.any(String), status: 'dispatched', run_id: '4294967296' })
    const location = answer.headers.get('location') ?? ''
    expect(await rest.call('GET', location)).toMatchObject({
      status: 200,
      body: { status: 'dispatched', reason: 'Release 42', requested_by: 'operator@example.com' },
    })
    expect(github.dispatches()).toHaveLength(1)
  })

  it('a repeated request with its key, quoted or not, gets the same answer without a second dispatch', async () => {
    const body = await newRequest()
    const key = randomUUID()
    const first = await post(body, { 'idempotency-key': key })
    const again = await post(body, { 'idempotency-key': `"${key}"` })
    expect([again.status, again.body, again.headers.get('location')]).toEqual([
      first.status,
      first.body,
      first.headers.get('location'),
    ])
    expect(github.dispatches()).toHaveLength(1)
  })

  it('another request under the same key is refused with 422', async () => {
    const body = await newRequest()
    const headers = { 'idempotency-key': randomUUID() }
    await post(body, headers)
    const other = await post({ ...body, ref: 'other' }, headers)
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } })
    expect(github.dispatches()).toHaveLength(1)
  })

  it.each([
    ['without a key', {}, 400, 'idempotency_key_missing'],
    ['with a key that is too short', { 'idempotency-key': '"1"' }, 400, 'invalid_input'],
    [
      'that is not sent as JSON',
      { 'idempotency-key': 'a-good-key', 'content-type': 'text/plain' },
      415,
      'media_type_refused',
    ],
    ['from another site', { 'idempotency-key': 'a-good-key', origin: 'https://evil.example' }, 403, 'origin_refused'],
    ['under another host name', { 'idempotency-key': 'a-good-key', host: 'evil.example' }, 403, 'origin_refused'],
  ])('a deploy request %s is refused, and nothing is recorded', async (_, headers, status, code) => {
    const body = await newRequest()
    expect(await post(body, headers)).toMatchObject({ status, body: { code } })
    expect(await console_.deps.db.deploy.count({ where: { surfaceId: body.surface } })).toBe(0)
  })

  it.each([
    ['invalid JSON', '{nonsense', 400, 'invalid_input'],
    ['an unknown member', { surface: 'x', ref: 'main', confirmation: 'x', expectedSha: SHA }, 400, 'invalid_input'],
    ['an invalid ref', { surface: 'x', ref: 'a..b', confirmation: 'x' }, 400, 'invalid_input'],
    ['an unknown surface', { surface: 'nowhere', ref: 'main', confirmation: 'x' }, 404, 'surface_unknown'],
    [
      '20 kB of text',
      { surface: 'x', ref: 'main', confirmation: 'x', reason: 'x'.repeat(20_000) },
      413,
      'body_too_large',
    ],
  ])('a deploy request with %s is refused with %s', async (_, body, status, code) => {
    expect(await post(body)).toMatchObject({ status, body: { code } })
  })

  it('a deploy request with an incorrect confirmation or a moved ref is refused, as on the screen', async () => {
    expect(await post(await newRequest({ confirmation: 'Console' }))).toMatchObject({
      status: 422,
      body: { code: 'confirmation_mismatch' },
    })
    github.script.onCommit = () => ({ status: 200, body: commit('b'.repeat(40)) })
    expect(await post(await newRequest({ expected_sha: SHA }))).toMatchObject({
      status: 409,
      body: { code: 'ref_moved', expected_sha: SHA, actual_sha: 'b'.repeat(40) },
    })
  })

  it('a deploy request is refused if the surface runs another commit than expected, and the answer names both', async () => {
    const body = await newRequest({ expected_running_sha: SHA })
    const now = 'b'.repeat(40)
    await console_.deps.db.surface.update({ where: { id: body.surface }, data: { runningSha: now } })
    expect(await post(body)).toMatchObject({
      status: 409,
      body: { code: 'running_changed', expected_running_sha: SHA, running_sha: now },
    })
    expect(await post({ ...body, expected_running_sha: now })).toMatchObject({ status: 202 })
  })

  it('a deploy request for a locked surface is refused, and accepted with an override and its reason', async () => {
    const body = await newRequest()
    await lockSurface(console_.deps, actorNamed('ada'), { surfaceId: body.surface, reason: 'Disk is being replaced' })
    expect(await post(body)).toMatchObject({ status: 409, body: { code: 'surface_locked' } })
    const answer = await post({ ...body, override_freeze: { reason: 'Security fix' } })
    expect(await rest.call('GET', answer.headers.get('location') ?? '')).toMatchObject({
      body: { override_reason: 'Security fix' },
    })
  })

  it('a second deploy request for a surface with an active deploy is refused', async () => {
    const body = await newRequest()
    await post(body)
    expect(await post(body)).toMatchObject({ status: 409, body: { code: 'surface_busy' } })
  })
})

describe('the log of a deploy over REST', () => {
  it('the log is read page by page to its first line, each line once and in order', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building')
    const at = new Date()
    await console_.deps.db.deployLogLine.createMany({
      data: Array.from({ length: 450 }, (_, index) => ({
        deployId: id,
        seq: index + 1,
        line: `line ${index + 1}`,
        at,
      })),
    })
    const poll = (await rest.call('GET', `/api/internal/deploys/${id}`)).body as {
      log_tail: { seq: number }[]
      log_cursor: number | null
    }
    const seen = poll.log_tail.map(({ seq }) => seq)
    let cursor = poll.log_cursor
    while (cursor !== null) {
      const page = (await rest.call('GET', `/api/internal/deploys/${id}/log?before=${cursor}`)).body as {
        lines: { seq: number }[]
        cursor: number | null
      }
      seen.unshift(...page.lines.map(({ seq }) => seq))
      cursor = page.cursor
    }
    expect(seen).toEqual(Array.from({ length: 450 }, (_, index) => index + 1))
  })

  it('an invalid cursor of the log is refused', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building')
    expect(await rest.call('GET', `/api/internal/deploys/${id}/log?before=-1`)).toMatchObject({ status: 400 })
  })
})

describe('errors of the REST addresses', () => {
  it.each(['', '/log'])(
    '…/{id}%s is answered 400 for an id that is not a UUID and 404 for an unknown deploy',
    async (rest_) => {
      expect(await rest.call('GET', `/api/internal/deploys/1${rest_}`)).toMatchObject({ body: { code: 'invalid_id' } })
      const nobody = `/api/internal/deploys/${console_.deps.newId()}${rest_}`
      expect(await rest.call('GET', nobody)).toMatchObject({ status: 404, body: { code: 'deploy_unknown' } })
    },
  )

  it.each([
    ['DELETE', '/api/internal/deploys', 'POST, OPTIONS'],
    ['GET', '/api/internal/deploys', 'POST, OPTIONS'],
    ['PUT', '/api/internal/deploys/1', 'GET, HEAD, OPTIONS'],
    ['POST', '/api/internal/deploys/1/log', 'GET, HEAD, OPTIONS'],
    ['GET', '/api/internal/deploys/1/status', 'POST, OPTIONS'],
    ['PATCH', '/api/internal/deploys/1/callback', 'POST, OPTIONS'],
    ['POST', '/api/openapi.json', 'GET, HEAD, OPTIONS'],
  ])('%s %s is answered 405, and Allow names the methods %s', async (method, path, allow) => {
    const answer = await rest.call(method, path)
    expect(answer).toMatchObject({ status: 405, body: { code: 'method_refused' } })
    expect(answer.headers.get('allow')).toBe(allow)
  })

  it('a request while the database is unreachable is answered 503', async () => {
    const away = await createTestConsole({ env: { DATABASE_URL: 'postgresql://nobody:x@127.0.0.1:9/none' } })
    for (const path of [`/api/internal/deploys/${randomUUID()}`, '/api/audit/export?format=csv']) {
      const answer = await restClient(away.deps, async () => cookieOf(away.deps.config, 'token')).call('GET', path)
      expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
    }
    await away.close()
    restClient(console_.deps, async () => '')
  })
})
