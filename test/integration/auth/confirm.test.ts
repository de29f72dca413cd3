import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { authenticate } from '~/server/auth/sessions/read-session'
import { addressDigest, sessionPasswordDigest } from '~/server/auth/sign-in/sign-in-attempts.sql'
import { makeSetupLink } from '~/server/members/manage/links'
import { type Browser, browser, firstAdmin, PASSWORD } from '~test/support/auth-client'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeEach(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
afterEach(async () => {
  await console_.close()
  await github.close()
})

/** Makes every proof an hour old. */
const ageProofs = () => console_.deps.db.session.updateMany({ data: { provedAt: new Date(Date.now() - 60 * 60_000) } })
const provedMinutesAgo = async (of: Browser) => {
  const provedAt = (await authenticate(console_.deps, of.headers(), 'person'))?.provedAt
  return provedAt == null ? null : Math.round((Date.now() - provedAt.getTime()) / 60_000)
}
const actions = async () =>
  (await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })).map(({ action, payload }) => [
    action,
    payload,
  ])

describe('confirming an identity with the password', () => {
  it('a confirmation with the password renews the proof of this session alone and is audited', async () => {
    const ada = await firstAdmin(console_.deps)
    const elsewhere = browser(console_.deps)
    await elsewhere.post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    await ageProofs()
    expect(await provedMinutesAgo(ada)).toBe(60)
    expect(await ada.post('/confirm/password', { password: PASSWORD })).toMatchObject({ status: 200 })
    expect([await provedMinutesAgo(ada), await provedMinutesAgo(elsewhere)]).toEqual([0, 60])
    expect((await actions()).at(-1)).toEqual(['console.session.proved', { method: 'password' }])
  })

  it('after a confirmation, the refused production deploy is dispatched once under its own idempotency key', async () => {
    const ada = await firstAdmin(console_.deps)
    await ageProofs()
    const { id: surface, confirm: confirmation } = await insertSurface(console_.deps)
    const request = { headers: { 'idempotency-key': randomUUID() }, body: { surface, ref: 'main', confirmation } }
    const rest = restClient(console_.deps, async () => ada.cookies())
    expect(await rest.call('POST', '/api/internal/deploys', request)).toMatchObject({
      status: 403,
      body: { code: 'proof_stale' },
    })
    expect(github.dispatches()).toHaveLength(0)
    await ada.post('/confirm/password', { password: PASSWORD })
    expect(await rest.call('POST', '/api/internal/deploys', request)).toMatchObject({ status: 202 })
    expect(await rest.call('POST', '/api/internal/deploys', request)).toMatchObject({ status: 202 })
    expect(github.dispatches()).toHaveLength(1)
  })

  it('five incorrect passwords lock confirmations of the account, and sign-ins still work', async () => {
    const ada = await firstAdmin(console_.deps)
    await ageProofs()
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await ada.post('/confirm/password', { password: 'not the password' })).toMatchObject({
        status: 403,
        body: { code: 'WRONG_PASSWORD' },
      })
    }
    expect(await ada.post('/confirm/password', { password: PASSWORD })).toMatchObject({
      status: 429,
      body: { code: 'LOCKED' },
    })
    const signIn = { email: 'ada@example.com', password: PASSWORD }
    expect(await browser(console_.deps, '203.0.113.2').post('/sign-in/email', signIn)).toMatchObject({ status: 200 })
    expect(await provedMinutesAgo(ada)).toBe(60)
    expect(
      (await actions()).map(([action]) => action).filter((action) => /refused|locked/.test(String(action))),
    ).toEqual([...Array.from({ length: 5 }, () => 'console.session.refused'), 'console.session.locked'])
  })

  it('a confirmation with the password requires a session', async () => {
    await firstAdmin(console_.deps)
    const answer = await browser(console_.deps).post('/confirm/password', { password: PASSWORD })
    expect(answer.status).toBe(401)
  })

  it('a confirmation with the password is refused to a suspended member', async () => {
    const ada = await firstAdmin(console_.deps)
    await console_.deps.db.member.updateMany({ data: { suspendedAt: new Date() } })
    expect((await ada.post('/confirm/password', { password: PASSWORD })).status).toBe(401)
  })
})

it("incorrect passwords that somebody else types at sign-in do not lock the owner's confirmation", async () => {
  const ada = await firstAdmin(console_.deps)
  const stranger = browser(console_.deps, '203.0.113.66')
  for (let attempt = 0; attempt < 6; attempt += 1) {
    await stranger.post('/sign-in/email', { email: 'ada@example.com', password: 'a wrong password' })
  }
  expect(await ada.post('/confirm/password', { password: PASSWORD })).toMatchObject({ status: 200 })
})

it("incorrect sign-ins with a name that equals a confirmation's key do not count as failed confirmations", async () => {
  const ada = await firstAdmin(console_.deps)
  const stranger = browser(console_.deps, '203.0.113.67')
  for (const typed of ['signed in as ada@example.com', 'own:ada@example.com']) {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await stranger.post('/sign-in/email', { email: typed, password: 'a wrong password' })
    }
  }
  expect(await console_.deps.db.signInAttempts.count(), 'no address, so nothing is counted').toBe(0)
  expect(await ada.post('/confirm/password', { password: PASSWORD })).toMatchObject({ status: 200 })
})

it('sign-in attempts and confirmations are counted under different keys, however the address is written', async () => {
  const config = { authSecrets: ['a secret of the tests, long enough to be one'] }
  const email = 'ada@example.com'
  const typed = [email, `signed in as ${email}`, `own:${email}`, `door:${email}`, ` ${email} `]
  expect(typed.map((text) => addressDigest(config, text))).not.toContain(sessionPasswordDigest(config, email))
})

describe('confirming an identity with a click', () => {
  it('a confirmation with a click is refused outside the sandbox', async () => {
    const ada = await firstAdmin(console_.deps)
    await ageProofs()
    expect(await ada.post('/confirm/sandbox', {})).toMatchObject({ status: 403 })
    expect(await provedMinutesAgo(ada)).toBe(60)
  })

  it('a confirmation with a click renews the proof of the sandbox operator', async () => {
    await console_.close()
    const { apiUrl } = github
    console_ = await createTestConsole({ githubApiUrl: apiUrl, env: { SANDBOX_URL: new URL(apiUrl).origin } })
    const operator = browser(console_.deps)
    const { path } = await makeSetupLink(console_.deps, { sandbox: true })
    await operator.post('/links/accept', { token: path.slice('/setup/'.length) })
    await ageProofs()
    expect(await operator.post('/confirm/sandbox', {})).toMatchObject({ status: 200 })
    expect(await provedMinutesAgo(operator)).toBe(0)
    expect((await actions()).at(-1)).toEqual(['console.session.proved', { method: 'sandbox' }])
  })
})
