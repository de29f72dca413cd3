import { createSecretKey, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isProofFresh } from '~/domain/actor'
import { listProofMethods } from '~/server/account/read-account'
import { authenticate } from '~/server/auth/sessions/read-session'
import { type Browser, browser, firstAdmin } from '~test/support/auth-client'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { CLIENT, type Person, startOidcProvider } from '~test/support/oidc-provider'
import { atProvider } from '~test/support/provider-visit'
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
const visit = () => atProvider(console_.deps, 'oidc')
const count = async () => ({
  users: await console_.deps.db.user.count(),
  accounts: await console_.deps.db.account.count(),
  members: await console_.deps.db.member.count(),
  sessions: await console_.deps.db.session.count(),
})
const lastRow = () => console_.deps.db.auditEvent.findFirstOrThrow({ orderBy: { id: 'desc' } })
/** A key that both sides know: whoever has the secret could sign as the provider. */
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

describe('somebody an OIDC provider names', () => {
  it('a person without an invitation is refused, and nothing but an audit event is stored', async () => {
    await open()
    provider.as(bob)
    expect(await visit()).toMatchObject({ error: 'not_admitted' })
    expect(await count()).toEqual(NOTHING)
    const rows = await console_.deps.db.auditEvent.findMany({ select: { action: true, actor: true, payload: true } })
    expect(rows).toMatchObject([{ action: 'console.session.refused', actor: 'somebody', payload: { method: 'oidc' } }])
    expect(JSON.stringify(rows)).not.toContain('bob')
  })

  it('a member from a provider has the provider’s name, with placeholders for invisible characters', async () => {
    await open()
    await invite(bob.email)
    provider.as({ ...bob, name: 'Bob\u202e nimda' })
    expect(await visit()).toMatchObject({ error: null })
    expect(await console_.deps.db.user.findMany({ select: { name: true } })).toEqual([{ name: 'Bob⟨U+202E⟩ nimda' }])
  })

  it('an invited person joins through the provider with the invitation’s limits and uses the invitation up', async () => {
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
    // Afterwards the account itself is known.
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

  it('a person of an allowed domain joins as a viewer, and no token of the provider is stored', async () => {
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
    ['a domain that only ends like it', { ...bob, email: 'bob@notexample.com' }, 'not_admitted'],
    ['a domain below it', { ...bob, email: 'bob@evil.example.com' }, 'not_admitted'],
    ['the domain behind another one', { ...bob, email: 'bob@evil.example@example.com' }, 'not_admitted'],
    ['a domain in front of it', { ...bob, email: 'bob@example.com@evil.example' }, 'not_admitted'],
    ['nobody before the domain', { ...bob, email: '@example.com' }, 'not_admitted'],
    ['an address that was not verified', { ...bob, email_verified: false }, 'email_not_verified'],
    ['an address that only claims to be verified', { ...bob, email_verified: 'true' }, 'email_not_verified'],
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
    ['a time to live that is over', { exp: Math.floor(Date.now() / 1000) - 3600 }],
    ['no subject', { sub: undefined }],
  ])('a sign-in by an ID token with %s is refused', async (_, claims) => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.forgeIdToken(claims)
    expect(await visit()).toMatchObject({ error: 'provider_answer_invalid', path: '/sign-in' })
    expect(await count()).toEqual(NOTHING)
  })

  it.each([
    ['with another key', () => ({ key: provider.strangersKey })],
    ['with an algorithm that takes the client secret for a key', () => ({ key: SHARED, alg: 'HS256' })],
  ])('a sign-in by an ID token signed %s is refused', async (_, forged) => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.forgeIdToken({}, forged())
    expect(await visit()).toMatchObject({ error: 'provider_answer_invalid' })
    expect(await count()).toEqual(NOTHING)
  })

  it('a sign-in by an answer without an ID token is refused', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.disturb('token', ({ status, body: { id_token: _, ...body } }) => ({ status, body }))
    expect(await visit()).toMatchObject({ error: 'provider_answer_invalid' })
    expect(await count()).toEqual(NOTHING)
  })

  it('userinfo about another subject than the ID token’s signs nobody in and is audited', async () => {
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

  it('a sign-in by userinfo without a subject is refused', async () => {
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

  it('a member connects a provider with a fresh proof and then signs in with it', async () => {
    await open()
    const held = await firstAdmin(console_.deps, 'bob@example.com')
    const path = '/link-social'
    provider.as({ ...bob, sub: 'mallory', email: 'mallory@example.com' })
    expect(await atProvider(console_.deps, 'oidc', { held, path })).toMatchObject({ error: 'email_does_not_match' })
    provider.as({ ...bob, email_verified: false })
    expect(await atProvider(console_.deps, 'oidc', { held, path })).toMatchObject({ error: 'unable_to_link_account' })
    provider.as(bob)
    expect(await atProvider(console_.deps, 'oidc', { held, path })).toMatchObject({ error: null })
    const signedIn = await visit()
    expect(await authenticate(console_.deps, signedIn.browser.headers(), 'person')).toMatchObject({ role: 'admin' })
    await console_.deps.db.session.updateMany({ data: { provedAt: new Date(Date.now() - 3_600_000) } })
    const stale = await held.post(path, { provider: 'oidc', callbackURL: '/account' })
    expect(stale).toMatchObject({ status: 403, body: { code: 'proof_stale' } })
  })

  it('a removed member cannot return through a provider, even from an allowed domain', async () => {
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

describe('a sign-in at the provider', () => {
  const HOUR_MS = 3_600_000
  const secondsOf = (time: Date | undefined) => (time === undefined ? undefined : Math.floor(time.getTime() / 1000))
  /** What a production deploy is answered to whoever has just come in. */
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
    ['at a time it does not say', () => undefined],
  ])('a sign-in by a person who proved their identity there %s is no fresh proof', async (_, provedAt) => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.forgeIdToken({ auth_time: secondsOf(provedAt()) })
    expect(await deployed()).toMatchObject({ code: 'proof_stale' })
  })

  it.each([
    ['now', () => new Date()],
    ['by a clock that is ahead', () => new Date(Date.now() + HOUR_MS)],
  ])(
    'a sign-in by a person who proved their identity there %s is a fresh proof, and expires like any other',
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

describe('a sign-in that is to be a new proof', () => {
  const proofMethods = async (held: Browser) => {
    const actor = await authenticate(console_.deps, held.headers(), 'person')
    if (actor === null) throw new Error('nobody is signed in')
    return (await listProofMethods(console_.deps, actor)).providers
  }
  const acme = { id: 'oidc', name: 'single sign-on' }

  it('a new proof has the provider ask for credentials again, and holds when only userinfo has the address', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    const { browser: held, asked: first } = await visit()
    expect(first.searchParams.get('max_age')).toBe('900')
    await console_.deps.db.session.updateMany({ data: { provedAt: new Date(0) } })
    expect(await proofMethods(held)).toEqual([{ ...acme, proof: 'possible' }])
    const { asked } = await atProvider(console_.deps, 'oidc', { held, anew: true })
    expect([asked.searchParams.get('prompt'), asked.searchParams.get('max_age')]).toEqual(['login', '0'])
    const actor = await authenticate(console_.deps, held.headers(), 'person')
    expect(isProofFresh(actor ?? { via: 'session', provedAt: null }, new Date())).toBe(true)
  })

  it.each([
    ['does not say when it asked', undefined],
    ['asked two hours ago', Math.floor(Date.now() / 1000) - 7200],
  ])('a provider that %s proves nothing, and the console does not send the member there again', async (_, time) => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.forgeIdToken({ auth_time: time })
    const { browser: held } = await visit()
    expect(await proofMethods(held)).toEqual([{ ...acme, proof: 'possible' }])
    await atProvider(console_.deps, 'oidc', { held, anew: true })
    expect(await proofMethods(held)).toEqual([{ ...acme, proof: 'missing' }])
  })

  it('takes `auth_time` from the verified ID token, never from userinfo', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    provider.forgeIdToken({ auth_time: undefined })
    const now = Math.floor(Date.now() / 1000)
    provider.disturb('userinfo', ({ status, body }) => ({ status, body: { ...body, auth_time: now } }))
    await visit()
    expect(await console_.deps.db.session.findFirstOrThrow()).toMatchObject({ provedAt: new Date(0) })
  })
})

describe('coming back from the provider', () => {
  it('a return with the state of another browser signs nobody in', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    provider.as(bob)
    expect(await atProvider(console_.deps, 'oidc', { comesBackAs: browser(console_.deps) })).toMatchObject({
      error: 'state_mismatch',
    })
    expect(await count()).toEqual(NOTHING)
  })

  it('a sign-in with a provider works again after an outage, during which passwords still worked', async () => {
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
    ['a token from elsewhere', { provider: 'oidc', callbackURL: '/', idToken: { token: 'x' } }],
    ['scopes of one’s own', { provider: 'oidc', callbackURL: '/', scopes: ['admin'] }],
    ['another question for the provider', { provider: 'oidc', callbackURL: '/', additionalParams: { prompt: 'none' } }],
    ['another provider', { provider: 'google', callbackURL: '/' }],
    ['another site to go on to', { provider: 'oidc', callbackURL: 'https://evil.example/' }],
  ])('a sign-in at the provider cannot be begun with %s', async (_, body) => {
    await open()
    const { status } = await browser(console_.deps).post('/sign-in/social', body)
    expect([400, 403]).toContain(status)
  })
})
