import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { cancelDeploy } from '~/server/deploys/cancel/cancel-deploy'
import { createRateLimiter } from '~/server/platform/http/rate-limits'
import { createToken } from '~/server/tokens/manage-tokens'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { listedRun, SHA, startScriptedGitHub } from '~test/support/scripted-github'
import { signedInAs } from '~test/support/sessions'
import { signedCallback } from '~test/support/signed-callback'
import { insertMember } from '~test/support/token-owners'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let cookie: string

beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  cookie = await signedInAs(console_.deps)
})
beforeEach(() => {
  Object.assign(globalThis, { deployConsoleDeps: console_.deps })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const answered = z.object({ result: z.object({ data: z.looseObject({ id: z.string() }) }) })

/** Polls as the deploy modal does; `known` is the ETag of an earlier answer. */
async function poll(id: string, known: string | null = null, headers: Readonly<Record<string, string>> = { cookie }) {
  const { GET } = await import('~/app/api/trpc/[trpc]/route')
  const input = encodeURIComponent(JSON.stringify({ id }))
  const request = new Request(`http://localhost:3000/api/trpc/deploys.get?input=${input}`, {
    headers: { host: 'localhost:3000', ...headers, ...(known === null ? {} : { 'if-none-match': known }) },
  })
  const response = await GET(request)
  const text = await response.text()
  expect(response.headers.get('cache-control'), 'no answer may be stored by a cache').toBe('no-store')
  return { status: response.status, tag: response.headers.get('etag'), text }
}

async function tagOf(id: string): Promise<string> {
  const { status, tag, text } = await poll(id)
  expect(status).toBe(200)
  expect(answered.parse(JSON.parse(text)).result.data.id).toBe(id)
  if (tag === null) throw new Error('the answer has no ETag')
  return tag
}

const send = (id: string, body: object) => receiveCallback(console_.deps, signedCallback(id, body), id)

describe('a poll with the ETag of an earlier answer', () => {
  it('an unchanged deploy is answered 304 without a body', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building')
    const tag = await tagOf(id)
    for (const known of [tag, tag.replace('W/', ''), `"other", ${tag}`, '*'])
      expect(await poll(id, known), known).toEqual({ status: 304, tag, text: '' })
    expect(await tagOf(id)).toBe(tag)
  })

  it.each<[string, (id: string, surfaceId: string) => Promise<unknown>]>([
    ['a reported status', (id) => send(id, { status: 'deploying' })],
    ['the log line of a refused callback', (id) => send(id, { status: 'smoke_gate_passed', log_line: 'late' })],
    ['a cancel', (id) => cancelDeploy(console_.deps, OPERATOR, id)],
    [
      'a new audit event',
      (deployId) =>
        console_.deps.db.auditEvent.create({
          data: { deployId, at: new Date(), actor: 'notifier', action: 'console.notification.sent', payload: {} },
        }),
    ],
    [
      'a new name of the surface',
      (_, id) => console_.deps.db.surface.update({ where: { id }, data: { name: 'Another name' } }),
    ],
    [
      'a new address of the surface',
      (_, id) => console_.deps.db.surface.update({ where: { id }, data: { url: 'https://moved.example.com' } }),
    ],
  ])('a deploy is answered in full after %s', async (_, change) => {
    const { id, surface } = await insertDeployAt(console_.deps, 'building', { githubRunId: 77n })
    const tag = await tagOf(id)
    await change(id, surface.id)
    const { status, text, tag: next } = await poll(id, tag)
    expect({ status, id: answered.parse(JSON.parse(text)).result.data.id }).toEqual({ status: 200, id })
    expect(next).not.toBe(tag)
    expect((await poll(id, next)).status).toBe(304)
  })
  it("a deploy is answered in full after the address of its token's owner changed", async () => {
    const { db } = console_.deps
    const { id } = await insertDeployAt(console_.deps, 'building')
    const { userId } = await insertMember(console_.deps, 'owner@example.com')
    await db.deploy.update({ where: { id }, data: { requestedBy: 'token:ci', requestedByUserId: userId } })
    const tag = await tagOf(id)
    await db.user.update({ where: { id: userId }, data: { email: 'renamed@example.com' } })
    expect((await poll(id, tag)).text).toContain('renamed@example.com')
  })

  it('a deploy is answered in full after the console moved to another GitHub', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'building', { githubRunId: 77n })
    const tag = await tagOf(id)
    const config = { ...deps.config, githubApiUrl: 'https://github.example.com/api/v3' }
    Object.assign(globalThis, { deployConsoleDeps: { ...deps, config } })
    expect((await poll(id, tag)).text).toContain('https://github.example.com/')
  })

  it('a deploy is answered 304 after a probe of its surface', async () => {
    const { id, surface } = await insertDeployAt(console_.deps, 'building')
    const tag = await tagOf(id)
    await console_.deps.db.surface.update({ where: { id: surface.id }, data: { health: 'up', runningSha: SHA } })
    expect((await poll(id, tag)).status).toBe(304)
  })

  it('a deploy is answered in full, with a sentence, after its surface reports a version', async () => {
    const { id, surface } = await insertDeployAt(console_.deps, 'deploying')
    await send(id, { status: 'failed', failure_stage: 'health_check_failed' })
    const tag = await tagOf(id)
    const report = (runningSha: string, runningSeenAt: Date) =>
      console_.deps.db.surface.update({ where: { id: surface.id }, data: { runningSha, runningSeenAt } })
    await report('c'.repeat(40), new Date(Date.now() - 60_000))
    expect((await poll(id, tag)).status, 'seen before the end').toBe(304)
    await report('c'.repeat(40), new Date(Date.now() + 60_000))
    const { status, text } = await poll(id, tag)
    expect(status).toBe(200)
    expect(text).toContain('The surface reports commit ccccccc.')
  })

  it('a poll with an ETag still looks up the run, and is answered in full once the run is found', async () => {
    const { id } = await insertDeployAt(console_.deps, 'requested')
    const tag = await tagOf(id)
    await console_.deps.db.deploy.update({ where: { id }, data: { status: 'dispatched' } })
    const asked = (await poll(id, tag)).tag
    expect((await poll(id, asked)).status).toBe(304)
    github.script.onListRuns = () => ({ status: 200, body: { workflow_runs: [listedRun(5, `Deploy [${id}]`)] } })
    await console_.deps.db.deploy.update({ where: { id }, data: { lastLookedAt: new Date(Date.now() - 2_000) } })
    const found = await poll(id, asked)
    expect(found.text).toContain('/runs/5')
    expect((await poll(id, await tagOf(id))).status).toBe(304)
  })

  it('a poll with an ETag is refused without a session, after a suspension, and from another site', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building')
    const tag = await tagOf(id)
    const nobody = await poll(id, tag, {})
    expect({ status: nobody.status, body: JSON.parse(nobody.text) }).toMatchObject({
      status: 401,
      body: { error: { data: { appCode: 'signed_out' } } },
    })
    const suspended = await signedInAs(console_.deps, { email: 'gone@example.com' })
    await console_.deps.db.member.updateMany({
      where: { user: { email: 'gone@example.com' } },
      data: { suspendedAt: new Date() },
    })
    expect((await poll(id, tag, { cookie: suspended })).status).toBe(401)
    expect((await poll(id, tag, { cookie, origin: 'https://evil.example' })).status).toBe(403)
  })

  it("an unchanged grid is answered 304 for half a minute, and in full when a surface's health changes", async () => {
    const { GET } = await import('~/app/api/trpc/[trpc]/route')
    const begun = Math.floor(Date.now() / 30_000) * 30_000
    let at = new Date(begun)
    const deps = { ...console_.deps, now: () => at }
    Object.assign(globalThis, { deployConsoleDeps: deps })
    const { surface } = await insertDeployAt(deps, 'succeeded')
    const ask = async (known: string | null) => {
      const headers = { host: 'localhost:3000', cookie, ...(known === null ? {} : { 'if-none-match': known }) }
      const { status, headers: answered } = await GET(
        new Request('http://localhost:3000/api/trpc/surfaces.list', { headers }),
      )
      return { status, tag: answered.get('etag') }
    }
    const look = (health: string) =>
      deps.db.surface.update({ where: { id: surface.id }, data: { health, healthCheckedAt: new Date() } })
    await look('healthy')
    const { tag } = await ask(null)
    await look('healthy')
    expect((await ask(tag)).status).toBe(304)
    await look('unhealthy')
    expect((await ask(tag)).status).toBe(200)
    const { tag: later } = await ask(null)
    at = new Date(begun + 30_000)
    expect((await ask(later)).status).toBe(200)
  })

  it('a poll with an ETag is answered 404 for an unknown deploy and 400 for an invalid id', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building')
    const tag = await tagOf(id)
    expect((await poll(console_.deps.newId(), tag)).status).toBe(404)
    expect((await poll('1', tag)).status).toBe(400)
  })

  it('a poll with an ETag counts once against the limit of its account, changed or not', async () => {
    const accounts = createRateLimiter(4, { clock: () => 0 })
    const deps = { ...console_.deps, rateLimits: { ...console_.deps.rateLimits, accounts } }
    Object.assign(globalThis, { deployConsoleDeps: deps })
    const { id } = await insertDeployAt(deps, 'building')
    const { tag } = await poll(id)
    const statuses = [tag, 'W/"old"', tag, tag, 'W/"old"'].map(async (known) => (await poll(id, known)).status)
    expect(await Promise.all(statuses)).toEqual([304, 200, 304, 429, 429])
  })
})

describe('a script that polls over REST', () => {
  it('a script gets 304 for an unchanged deploy, and the whole deploy after a change', async () => {
    const { deps } = console_
    const owner = await insertMember(deps, 'script-owner@example.com')
    const { secret } = await createToken(deps, owner, {
      label: 'ci',
      permissions: ['deploy.read'],
      environments: [],
      surfaces: null,
      expiresInDays: 1,
    })
    const { id } = await insertDeployAt(deps, 'building')
    const rest = restClient(deps)
    const ask = (known: string | null) =>
      rest.call('GET', `/api/internal/deploys/${id}`, {
        headers: { authorization: `Bearer ${secret}`, ...(known === null ? {} : { 'if-none-match': known }) },
      })
    const { headers } = await ask(null)
    const tag = headers.get('etag')
    expect(await ask(tag)).toMatchObject({ status: 304, body: '' })
    await send(id, { status: 'deploying' })
    expect(await ask(tag)).toMatchObject({ status: 200, body: { status: 'deploying' } })
  })
})
