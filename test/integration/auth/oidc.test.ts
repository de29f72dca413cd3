import { createSecretKey, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isProofFresh } from '~/domain/actor'
import { listProofMethods } from '~/server/account/read-account'
import { authenticate } from '~/server/auth/sessions/read-session'
import { type Browser, browser, firstAdmin } from '~test/support/auth-client'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { CLIENT, type Person, startOidcProvider } from '~test/support/oidc-provider'
import { visitProvider } from '~test/support/provider-visit'
import { restClient } from '~test/support/rest-client'

let provider: Awaited<ReturnType<typeof startOidcProvider>>
let console_: TestConsole
const open = async (env: Record<string, string> = {}) => {
  console_ = await createTestConsole({ env: { ...provider.env, ...env } })
}
beforeEach(async () => {
  provider = await startOidcProvider()
})
afterEach(async () => {
  await console_.close()
  await provider.close()
})

const bob: Person = { sub: 'bob-1', email: 'bob@example.com', email_verified: true, name: 'Bob' }
const visit = () => visitProvider(console_.deps, 'oidc')
const count = async () => ({
  users: await console_.deps.db.user.count(),
  accounts: await console_.deps.db.account.count(),
  members: await console_.deps.db.member.count(),
  sessions: await console_.deps.db.session.count(),
})
const lastRow = () => console_.deps.db.auditEvent.findFirstOrThrow({ orderBy: { id: 'desc' } })
/** A key that both sides know: anybody with the client secret could sign as the provider. */
const SHARED = createSecretKey(Buffer.from(CLIENT.secret))
const NOTHING = { users: 0, accounts: 0, members: 0, sessions: 0 }

async function invite(email: string, role = 'deployer') {
  const at = new Date()
  await console_.deps.db.invitation.create({
    data: {
      id: console_.deps.newId(),
      kind: 'invitation',
      digest: `digest-of-${email}`,
      email,
      role,
      environments: ['staging'],
      createdBy: 'console',
      createdAt: at,
      expiresAt: new Date(at.getTime() + 3_600_000),
    },
  })
}

describe('admission by an OpenID provider', () => {
  it('a person without an invitation is refused, and only an audit event is stored', async () => {
    await open()
    provider.as(bob)
    expect(await visit()).toMatchObject({ error: 'not_admitted' })
    expect(await count()).toEqual(NOTHING)
    const rows = await console_.deps.db.auditEvent.findMany({ select: { action: true, actor: true, payload: true } })
    expect(rows).toMatchObject([{ action: 'console.session.refused', actor: 'somebody', payload: { method: 'oidc' } }])
    expect(JSON.stringify(rows)).not.toContain('bob')
  })

  it("a member's name comes from the provider, with placeholders for invisible characters", async () => {
    await open()
    await invite(bob.email)
    provider.as({ ...bob, name: 'Bob\u202e nimda' })
    expect(await visit()).toMatchObject({ error: null })
    expect(await console_.deps.db.user.findMany({ select: { name: true } })).toEqual([{ name: 'Bob⟨U+202E⟩ nimda' }])
  })

  it("an invited person joins through the provider with the invitation's limits, and the invitation is used up", async () => {
    await open()
    await invite(bob.email)
    provider.as(bob)
    const first = await visit()
    expect(first).toMatchObject({ error: null, path: '/freezes' })
    expect(await authenticate(console_.deps, first.browser.headers(), 'person')).toMatchObject({
      name: 'bob@example.com',
      role: 'deployer',
      environments: ['staging'],
    })
    expect(await console_.deps.db.invitation.findMany({ select: { usedAt: true } })).toMatchObject([
      { usedAt: expect.any(Date) },
    ])
    // The second sign-in finds the account.
    expect(await visit()).toMatchObject({ error: null })
    expect(await count()).toEqual({ users: 1, accounts: 1, members: 1, sessions: 2 })
    const trail = await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })
    expect(trail.map(({ action }) => action)).toEqual([
      'console.account.changed',
      'console.member.admitted',
      'console.session.opened',
      'console.session.opened',
    ])
    expect(trail[1]).toMatchObject({ payload: { provider: 'oidc', because: 'invitation', role: 'deployer' } })
  })

  it("a person of an allowed domain joins as a viewer, and none of the provider's tokens is stored", async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'Example.com' })
    provider.as(bob)
    const { browser: held } = await visit()
    expect(await authenticate(console_.deps, held.headers(), 'person')).toMatchObject({ role: 'viewer' })
    expect(await console_.deps.db.account.findMany()).toMatchObject([
      {
        providerId: 'oidc',
        accountId: `${provider.issuer} bob-1`,
        issuer: provider.issuer,
        accessToken: null,
        refreshToken: null,
        idToken: null,
      },
    ])
  })

  it.each([
    ['a domain that only ends like the allowed one', { ...bob, email: 'bob@notexample.com' }, 'not_admitted'],
    ['a domain below the allowed one', { ...bob, email: 'bob@evil.example.com' }, 'not_admitted'],
    ['the allowed domain after another one', { ...bob, email: 'bob@evil.example@example.com' }, 'not_admitted'],
    ['the allowed domain before another one', { ...bob, email: 'bob@example.com@evil.example' }, 'not_admitted'],
    ['nothing before the domain', { ...bob, email: '@example.com' }, 'not_admitted'],
    ['an unverified address', { ...bob, email_verified: false }, 'email_not_verified'],
    ['a verification that is a string', { ...bob, email_verified: 'true' }, 'email_not_verified'],
  ])('a person with %s is refused', async (_, person, error) => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(person)
    expect(await visit()).toMatchObject({ error })
    expect(await count()).toEqual(NOTHING)
  })

  it('a person whose invited address is not verified is refused', async () => {
    await open()
    await invite(bob.email)
    provider.as({ ...bob, email_verified: false })
    expect(await visit()).toMatchObject({ error: 'email_not_verified' })
    expect(await count()).toEqual(NOTHING)
  })

  it.each([
    ['another nonce', { nonce: 'another' }],
    ['no nonce', { nonce: undefined }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'another-client' }],
    ['an expiry in the past', { exp: Math.floor(Date.now() / 1000) - 3600 }],
    ['no subject', { sub: undefined }],
  ])('a sign-in with an ID token with %s is refused', async (_, claims) => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.forgeIdToken(claims)
    expect(await visit()).toMatchObject({ error: 'provider_answer_invalid', path: '/sign-in' })
    expect(await count()).toEqual(NOTHING)
  })

  it.each([
    ['with another key', () => ({ key: provider.strangersKey })],
    ['with the client secret as a shared key', () => ({ key: SHARED, alg: 'HS256' })],
  ])('a sign-in with an ID token signed %s is refused', async (_, forged) => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.forgeIdToken({}, forged())
    expect(await visit()).toMatchObject({ error: 'provider_answer_invalid' })
    expect(await count()).toEqual(NOTHING)
  })

  it('a sign-in with an answer without an ID token is refused', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.disturb('token', ({ status, body: { id_token: _, ...body } }) => ({ status, body }))
    expect(await visit()).toMatchObject({ error: 'provider_answer_invalid' })
    expect(await count()).toEqual(NOTHING)
  })

  it('userinfo about another subject than the ID token signs nobody in and is audited', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    await visit()
    provider.as({ ...bob, sub: 'mallory-1' })
    provider.disturb('userinfo', ({ status, body }) => ({ status, body: { ...body, sub: 'bob-1' } }))
    expect(await visit()).toMatchObject({ error: 'subject_mismatch', path: '/sign-in' })
    expect(await console_.deps.db.session.count()).toBe(1)
    expect(await lastRow()).toMatchObject({
      action: 'console.session.refused',
      actor: 'somebody',
      payload: { method: 'oidc', reason: 'subject_mismatch', identity: `${provider.issuer} mallory-1` },
    })
  })

  it('a sign-in with userinfo without a subject is refused', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.disturb('userinfo', ({ status, body: { sub: _, ...body } }) => ({ status, body }))
    expect(await visit()).toMatchObject({ error: 'provider_answer_invalid' })
    expect(await count()).toEqual(NOTHING)
  })

  it('a person from a provider does not reach an unconnected account with the same address', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    await firstAdmin(console_.deps, 'bob@example.com')
    provider.as(bob)
    expect((await visit()).error).not.toBeNull()
    expect(await console_.deps.db.account.count()).toBe(1)
    expect(await console_.deps.db.session.count()).toBe(1)
  })

  it('a member connects a provider only with their own verified address and a fresh proof, and then signs in with the provider', async () => {
    await open()
    const held = await firstAdmin(console_.deps, 'bob@example.com')
    const path = '/link-social'
    provider.as({ ...bob, sub: 'mallory', email: 'mallory@example.com' })
    expect(await visitProvider(console_.deps, 'oidc', { held, path })).toMatchObject({ error: 'email_does_not_match' })
    provider.as({ ...bob, email_verified: false })
    expect(await visitProvider(console_.deps, 'oidc', { held, path })).toMatchObject({
      error: 'unable_to_link_account',
    })
    provider.as(bob)
    expect(await visitProvider(console_.deps, 'oidc', { held, path })).toMatchObject({ error: null })
    const signedIn = await visit()
    expect(await authenticate(console_.deps, signedIn.browser.headers(), 'person')).toMatchObject({ role: 'admin' })
    await console_.deps.db.session.updateMany({ data: { provedAt: new Date(Date.now() - 3_600_000) } })
    const stale = await held.post(path, { provider: 'oidc', callbackURL: '/account' })
    expect(stale).toMatchObject({ status: 403, body: { code: 'proof_stale' } })
  })

  it('a suspended member cannot return through a provider, even from an allowed domain', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    await visit()
    await console_.deps.db.session.deleteMany()
    await console_.deps.db.member.updateMany({ data: { suspendedAt: new Date() } })
    expect(await visit()).toMatchObject({ error: 'not_a_member' })
    expect(await console_.deps.db.session.count()).toBe(0)
    const [last] = await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'desc' }, take: 1 })
    expect(last).toMatchObject({
      action: 'console.session.refused',
      actor: 'bob@example.com',
      payload: { method: 'oidc' },
    })
  })
})

describe('a sign-in at the provider as a proof of identity', () => {
  const HOUR_MS = 3_600_000
  const secondsOf = (time: Date | undefined) => (time === undefined ? undefined : Math.floor(time.getTime() / 1000))
  /** The answer to a production deploy right after the sign-in. */
  async function deployed() {
    const { browser: held } = await visit()
    await console_.deps.db.member.updateMany({ data: { role: 'admin', allEnvironments: true } })
    const { id: surface, confirm: confirmation } = await insertSurface(console_.deps)
    const request = { headers: { 'idempotency-key': randomUUID() }, body: { surface, ref: 'main', confirmation } }
    const rest = restClient(console_.deps, async () => held.cookies())
    return (await rest.call('POST', '/api/internal/deploys', request)).body
  }

  it.each([
    ['two hours ago', () => new Date(Date.now() - 2 * HOUR_MS)],
    ['at an unknown time', () => undefined],
  ])('a sign-in by a person who entered their credentials %s is no fresh proof', async (_, provedAt) => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.forgeIdToken({ auth_time: secondsOf(provedAt()) })
    expect(await deployed()).toMatchObject({ code: 'proof_stale' })
  })

  it.each([
    ['now', () => new Date()],
    ['an hour in the future', () => new Date(Date.now() + HOUR_MS)],
  ])(
    "a sign-in by a person who entered their credentials %s is a fresh proof from the console's clock",
    async (_, provedAt) => {
      await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
      provider.as(bob)
      provider.forgeIdToken({ auth_time: secondsOf(provedAt()) })
      expect(await deployed()).not.toMatchObject({ code: 'proof_stale' })
      const { provedAt: kept } = await console_.deps.db.session.findFirstOrThrow()
      expect(kept.getTime()).toBeLessThanOrEqual(Date.now())
    },
  )
})

describe('a renewed proof of identity', () => {
  const proofMethods = async (held: Browser) => {
    const actor = await authenticate(console_.deps, held.headers(), 'person')
    if (actor === null) throw new Error('nobody is signed in')
    return (await listProofMethods(console_.deps, actor)).providers
  }
  const acme = { id: 'oidc', name: 'single sign-on' }

  it('a renewed proof makes the provider ask for credentials, and works if only userinfo has the address', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    const { browser: held, asked: first } = await visit()
    expect(first.searchParams.get('max_age')).toBe('900')
    await console_.deps.db.session.updateMany({ data: { provedAt: new Date(0) } })
    expect(await proofMethods(held)).toEqual([{ ...acme, proof: 'possible' }])
    const { asked } = await visitProvider(console_.deps, 'oidc', { held, anew: true })
    expect([asked.searchParams.get('prompt'), asked.searchParams.get('max_age')]).toEqual(['login', '0'])
    const actor = await authenticate(console_.deps, held.headers(), 'person')
    expect(isProofFresh(actor ?? { via: 'session', provedAt: null }, new Date())).toBe(true)
  })

  it.each([
    ['does not state the time', undefined],
    ['states a time two hours ago', Math.floor(Date.now() / 1000) - 7200],
  ])('a provider that %s proves nothing, and is no longer offered as a proof', async (_, time) => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.forgeIdToken({ auth_time: time })
    const { browser: held } = await visit()
    expect(await proofMethods(held)).toEqual([{ ...acme, proof: 'possible' }])
    await visitProvider(console_.deps, 'oidc', { held, anew: true })
    expect(await proofMethods(held)).toEqual([{ ...acme, proof: 'missing' }])
  })

  it('the time of a proof comes from the verified ID token, never from userinfo', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.forgeIdToken({ auth_time: undefined })
    const now = Math.floor(Date.now() / 1000)
    provider.disturb('userinfo', ({ status, body }) => ({ status, body: { ...body, auth_time: now } }))
    await visit()
    expect(await console_.deps.db.session.findFirstOrThrow()).toMatchObject({ provedAt: new Date(0) })
  })
})

describe('returning from the provider', () => {
  it('a return with the state of another browser signs nobody in', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    expect(await visitProvider(console_.deps, 'oidc', { comesBackAs: browser(console_.deps) })).toMatchObject({
      error: 'state_mismatch',
    })
    expect(await count()).toEqual(NOTHING)
  })

  it('a sign-in with a provider is answered 503 during its outage and works afterwards', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.goAway(true)
    const held = browser(console_.deps)
    const asked = { provider: 'oidc', callbackURL: '/' }
    expect(await held.post('/sign-in/social', asked)).toMatchObject({ status: 503 })
    await firstAdmin(console_.deps)
    provider.goAway(false)
    provider.as(bob)
    expect(await visit()).toMatchObject({ error: null })
  })

  it.each([
    ['an ID token', { provider: 'oidc', callbackURL: '/', idToken: { token: 'x' } }],
    ['other scopes', { provider: 'oidc', callbackURL: '/', scopes: ['admin'] }],
    ['additional parameters', { provider: 'oidc', callbackURL: '/', additionalParams: { prompt: 'none' } }],
    ['an unknown provider', { provider: 'google', callbackURL: '/' }],
    ['a return address on another site', { provider: 'oidc', callbackURL: 'https://evil.example/' }],
  ])('a sign-in at the provider cannot be started with %s', async (_, body) => {
    await open()
    const { status } = await browser(console_.deps).post('/sign-in/social', body)
    expect([400, 403]).toContain(status)
  })
})
