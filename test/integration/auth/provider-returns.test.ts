import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { browser, firstAdmin } from '~test/support/auth-client'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { CLIENT, type Person, signInAtProvider, startOidcProvider } from '~test/support/oidc-provider'
import { visitProvider } from '~test/support/provider-visit'

let provider: Awaited<ReturnType<typeof startOidcProvider>>
let console_: TestConsole
const logged: string[] = []
/** A console that keeps what it logs. */
const open = async (env: Record<string, string> = {}) => {
  const made = await createTestConsole({ env: { ...provider.env, AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com', ...env } })
  logged.length = 0
  console_ = { ...made, deps: { ...made.deps, logger: pino({}, { write: (line: string) => void logged.push(line) }) } }
}
beforeEach(async () => {
  provider = await startOidcProvider()
  provider.as(bob)
})
afterEach(async () => {
  await console_.close()
  await provider.close()
})

const bob: Person = { sub: 'bob-1', email: 'bob@example.com', email_verified: true, name: 'Bob' }
const visit = () => visitProvider(console_.deps, 'oidc')
const sessions = () => console_.deps.db.session.count()

/** Returns from the provider with an answer that `changed` alters, and tells where the console sends the browser. */
async function returnFromProvider(changed: (back: URL) => void, held = browser(console_.deps)) {
  const body = { provider: 'oidc', callbackURL: '/freezes', errorCallbackURL: '/sign-in?next=%2Ffreezes' }
  const begun = await held.post('/sign-in/social', body)
  const back = await signInAtProvider(new URL(Object(begun.body).url))
  changed(back)
  return { held, back, answer: await held.follow(back) }
}
const leadsTo = (answer: Response) => {
  const to = new URL(answer.headers.get('location') ?? 'none:', 'http://localhost:3000')
  return { status: answer.status, path: to.pathname, error: to.searchParams.get('error') }
}

describe('a failed return from the provider', () => {
  it.each([
    ['with an unknown state', (back: URL) => back.searchParams.set('state', 'x'.repeat(32)), 'state_mismatch'],
    ['without a state', (back: URL) => back.searchParams.delete('state'), 'state_not_found'],
    ['with two codes', (back: URL) => back.searchParams.append('code', 'another'), 'invalid_callback_request'],
    ['with two states', (back: URL) => back.searchParams.append('state', 'another'), 'invalid_callback_request'],
    ['without a code', (back: URL) => back.searchParams.delete('code'), 'no_code'],
    ['with an unknown code', (back: URL) => back.searchParams.set('code', 'guessed'), 'provider_refused'],
    [
      'with another issuer',
      (back: URL) => back.searchParams.set('iss', 'https://evil.example'),
      'provider_answer_invalid',
    ],
    [
      'without the issuer that the provider announces',
      (back: URL) => back.searchParams.delete('iss'),
      'provider_answer_invalid',
    ],
  ] as const)('a return %s leads to the sign-in page with its error', async (_, changed, error) => {
    await open()
    const { answer } = await returnFromProvider(changed)
    expect(leadsTo(answer)).toEqual({ status: 302, path: '/sign-in', error })
    expect(await sessions()).toBe(0)
  })

  it('a return that is repeated leads to the sign-in page, and opens no second session', async () => {
    await open()
    const { held, back, answer } = await returnFromProvider(() => undefined)
    expect(leadsTo(answer)).toEqual({ status: 302, path: '/freezes', error: null })
    expect(leadsTo(await held.follow(back))).toEqual({ status: 302, path: '/sign-in', error: 'state_mismatch' })
    expect(await sessions()).toBe(1)
  })

  it("a return above the address's rate limit leads to the sign-in page", async () => {
    await open({ RATE_LIMIT_PER_MINUTE: '1' })
    const { answer } = await returnFromProvider(() => undefined)
    expect(leadsTo(answer)).toEqual({ status: 302, path: '/sign-in', error: 'too_many_requests' })
  })

  it('a return without an issuer is accepted if the provider does not announce one', async () => {
    await open()
    provider.disturb(
      'discovery',
      ({ status, body: { authorization_response_iss_parameter_supported: _, ...body } }) => ({
        status,
        body,
      }),
    )
    const { answer } = await returnFromProvider((back) => back.searchParams.delete('iss'))
    expect(leadsTo(answer)).toMatchObject({ error: null })
  })
})

describe('a provider that fails', () => {
  it.each(['token', 'userinfo', 'keys'] as const)(
    'a connection that breaks at %s leads to the sign-in page',
    async (endpoint) => {
      await open()
      provider.disturb(endpoint, () => 'broken')
      expect(await visit()).toMatchObject({ path: '/sign-in', error: 'provider_silent' })
      expect(await sessions()).toBe(0)
    },
  )

  it('a provider that is silent at one step is given up after a timeout, and the next sign-in works', async () => {
    await open()
    const silentOnce = new Set(['token', 'keys', 'userinfo'])
    for (const endpoint of ['token', 'keys', 'userinfo'] as const) {
      provider.disturb(endpoint, (answer) => (silentOnce.delete(endpoint) ? 'silent' : answer))
    }
    const visits = await Promise.all([visit(), visit(), visit()])
    expect(visits.map(({ error }) => error)).toEqual(['provider_silent', 'provider_silent', 'provider_silent'])
    expect([...silentOnce]).toEqual([])
    expect(logged.filter((line) => line.includes('operation timed out'))).toHaveLength(3)
    expect(await visit()).toMatchObject({ error: null })
  })

  it('a provider whose discovery is silent is given up after a timeout, and asked again at the next sign-in', async () => {
    await open()
    provider.disturb('discovery', () => 'silent')
    const asked = { provider: 'oidc', callbackURL: '/' }
    expect(await browser(console_.deps).post('/sign-in/social', asked)).toMatchObject({ status: 503 })
    provider.disturb('discovery', (answer) => answer)
    expect(await visit()).toMatchObject({ error: null })
  })

  it.each(['token', 'userinfo', 'keys'] as const)(
    'an endless answer at %s is not read to its end',
    async (endpoint) => {
      await open()
      provider.disturb(endpoint, ({ status, body }) => ({ status, body: { ...body, more: 'x'.repeat(300_000) } }))
      expect(await visit()).toMatchObject({ path: '/sign-in', error: 'provider_silent' })
      expect(logged.join('')).toContain('larger than')
    },
  )

  it("a refused client secret is logged with the provider's error and status, and without the secret", async () => {
    const wrong = 'not-the-secret-that-the-provider-knows'
    await open({ AUTH_OIDC_CLIENT_SECRET: wrong })
    expect(await visit()).toMatchObject({ path: '/sign-in', error: 'provider_refused' })
    const [line] = logged.map((text) => JSON.parse(text)).filter(({ provider }) => provider === 'oidc')
    expect(line).toMatchObject({ level: 50, provider: 'oidc', oauth_error: 'invalid_client', http_status: 401 })
    expect(logged.join('')).not.toContain(wrong)
    expect(logged.join('')).not.toContain(CLIENT.secret)
  })

  it.each([
    ['another issuer', (issuer: string) => `${issuer}.evil.example`],
    ['the issuer with an added slash', (issuer: string) => `${issuer}/`],
  ])('a provider that publishes %s is not used, and the answer names both issuers', async (_, other) => {
    await open()
    const said = other(provider.issuer)
    provider.disturb('discovery', ({ status, body }) => ({ status, body: { ...body, issuer: said } }))
    const answer = await browser(console_.deps).post('/sign-in/social', { provider: 'oidc', callbackURL: '/' })
    expect(answer).toMatchObject({ status: 503, body: { code: 'provider_unavailable' } })
    const message = String(Object(answer.body).message)
    expect(message).toContain(`AUTH_OIDC_ISSUER is ${provider.issuer}.`)
    expect(message).toContain(said)
    expect(logged.join('')).toContain(said)
  })
})

describe('connecting an identity that is refused', () => {
  const mallory = { ...bob, sub: 'mallory-1', email: 'mallory@example.com' }
  it.each([
    ['with another address', mallory, 'email_does_not_match'],
    ['with an unverified address', { ...mallory, email_verified: false }, 'unable_to_link_account'],
  ])('a refused identity %s is audited with the member who tried to connect it', async (_, person, reason) => {
    await open()
    const held = await firstAdmin(console_.deps)
    provider.as(person)
    expect((await visitProvider(console_.deps, 'oidc', { held, path: '/link-social' })).error).toBe(reason)
    expect(await console_.deps.db.auditEvent.findFirst({ orderBy: { id: 'desc' } })).toMatchObject({
      action: 'console.account.connection_refused',
      actor: 'ada@example.com',
      payload: { provider: 'oidc', reason, identity: `${provider.issuer} mallory-1` },
    })
  })

  it('a refused identity that is connected to another account is audited with the member who tried to connect it', async () => {
    await open()
    await visit()
    const held = await firstAdmin(console_.deps)
    // The provider has changed the address of the identity.
    provider.as({ ...bob, email: 'ada@example.com' })
    const { error } = await visitProvider(console_.deps, 'oidc', { held, path: '/link-social' })
    expect(error).toBe('account_already_linked_to_different_user')
    const row = await console_.deps.db.auditEvent.findFirstOrThrow({ orderBy: { id: 'desc' } })
    expect(row).toMatchObject({ action: 'console.account.connection_refused', actor: 'ada@example.com' })
    expect(row.payload).toEqual({ provider: 'oidc', reason: error, identity: `${provider.issuer} bob-1` })
  })
})
