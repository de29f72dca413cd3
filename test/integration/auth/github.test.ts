import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isProofFresh } from '~/domain/actor'
import { listProofMethods } from '~/server/account/read-account'
import { authenticate } from '~/server/auth/sessions/read-session'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { startGitHubOAuth } from '~test/support/github-oauth'
import { visitProvider } from '~test/support/provider-visit'

let github: Awaited<ReturnType<typeof startGitHubOAuth>>
let console_: TestConsole
const open = async (env: Record<string, string> = {}) => {
  console_ = await createTestConsole({ env: { ...github.env, ...env } })
}
beforeEach(async () => {
  github = await startGitHubOAuth()
})
afterEach(async () => {
  await console_.close()
  await github.close()
})

const bob = { id: 4711, login: 'bob', email: 'Bob@example.com', verified: true, memberships: {} } as const
const visit = () => visitProvider(console_.deps, 'github')
const people = () => console_.deps.db.user.count()

describe('admission by GitHub', () => {
  it.each([
    ['an organisation on the list', 'acme', { acme: 'active' }],
    ['a team on the list', 'other,acme/platform', { 'acme/platform': 'active' }],
  ] as const)('a person in %s is admitted as a viewer', async (_, list, memberships) => {
    await open({ AUTH_ALLOWED_GITHUB: list })
    github.as({ ...bob, memberships })
    const { browser, error } = await visit()
    expect(error).toBeNull()
    expect(await authenticate(console_.deps, browser.headers(), 'person')).toMatchObject({
      name: 'bob@example.com',
      role: 'viewer',
    })
    expect(github.scopes()).toContain('read:org')
    expect(await console_.deps.db.account.findMany()).toMatchObject([
      { providerId: 'github', accountId: `${github.issuer} 4711`, issuer: github.issuer, accessToken: null },
    ])
    expect((await visit()).error).toBeNull()
    expect(await people()).toBe(1)
  })

  it.each([
    ['a member of another organisation', 'acme', { evil: 'active' }],
    ['a member of another team of the organisation', 'acme/platform', { acme: 'active', 'acme/web': 'active' }],
    ['invited to the organisation without having joined', 'acme', { acme: 'pending' }],
  ] as const)('a person who is %s is refused, and nothing is stored', async (_, list, memberships) => {
    await open({ AUTH_ALLOWED_GITHUB: list })
    github.as({ ...bob, memberships })
    expect(await visit()).toMatchObject({ error: 'not_admitted' })
    expect([await people(), await console_.deps.db.session.count()]).toEqual([0, 0])
  })

  it('a person whose address GitHub has not verified is refused, even from a listed organisation', async () => {
    await open({ AUTH_ALLOWED_GITHUB: 'acme', AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    github.as({ ...bob, verified: false, memberships: { acme: 'active' } })
    expect(await visit()).toMatchObject({ error: 'email_not_verified' })
    expect(await people()).toBe(0)
  })

  it('GitHub is not asked for organisations if no organisation is listed', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    github.as(bob)
    expect((await visit()).error).toBeNull()
    expect(github.scopes()).not.toContain('read:org')
    expect(github.asked().filter((path) => path.includes('memberships'))).toEqual([])
  })

  it('a member is recognised by their GitHub user id, not by login or address', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    github.as(bob)
    await visit()
    github.as({ ...bob, id: 4712 })
    expect((await visit()).error).toBe('account_not_linked')
    github.as({ ...bob, login: 'robert', email: 'robert@elsewhere.example' })
    const { browser, error } = await visit()
    expect(error).toBeNull()
    expect(await authenticate(console_.deps, browser.headers(), 'person')).toMatchObject({ name: 'bob@example.com' })
  })
})

describe('a sign-in with GitHub as a proof of identity', () => {
  const signInAsBob = async () => {
    github.as(bob)
    const { browser } = await visit()
    const actor = await authenticate(console_.deps, browser.headers(), 'person')
    if (actor === null) throw new Error('nobody is signed in')
    return { fresh: isProofFresh(actor, new Date()), methods: await listProofMethods(console_.deps, actor) }
  }

  it('a sign-in with GitHub proves no identity by default, and the console does not offer it as a proof', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    const { fresh, methods } = await signInAsBob()
    expect(fresh).toBe(false)
    expect(methods).toMatchObject({ password: false, passkey: false, providers: [{ id: 'github', proof: 'never' }] })
  })

  it('a sign-in with GitHub proves an identity if AUTH_GITHUB_PROVES_IDENTITY is on', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com', AUTH_GITHUB_PROVES_IDENTITY: 'on' })
    const { fresh, methods } = await signInAsBob()
    expect(fresh).toBe(true)
    expect(methods).toMatchObject({ providers: [{ id: 'github', proof: 'possible' }] })
  })

  it('a user id of one GitHub server does not sign in to the account of the same user id at another server', async () => {
    await open({ AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' })
    await signInAsBob()
    await console_.deps.db.account.updateMany({
      data: { issuer: 'https://github.com/login/oauth', accountId: 'https://github.com/login/oauth 4711' },
    })
    expect((await visit()).error).toBe('account_not_linked')
  })

  it("a sign-in with an incorrect client secret is refused, and the log holds GitHub's error and no secret", async () => {
    await open({ AUTH_GITHUB_CLIENT_SECRET: 'not-the-secret-of-the-tests' })
    const logged: string[] = []
    const logger = pino({}, { write: (line: string) => void logged.push(line) })
    github.as(bob)
    const { error } = await visitProvider({ ...console_.deps, logger }, 'github')
    expect(error).toBe('provider_refused')
    expect(logged.join('')).toContain('"oauth_error":"bad_verification_code","http_status":400')
    expect(logged.join('')).not.toContain('not-the-secret')
  })
})
