import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readAccount } from '~/server/account/read-account'
import { bindAccounts } from '~/server/auth/accounts.sql'
import { authenticate } from '~/server/auth/sessions/read-session'
import type { Deps } from '~/server/deps'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { type Person, startOidcProvider } from '~test/support/oidc-provider'
import { consoleWith, visitProvider } from '~test/support/provider-visit'

type OidcProvider = Awaited<ReturnType<typeof startOidcProvider>>

let before: OidcProvider
let after: OidcProvider
let console_: TestConsole
beforeEach(async () => {
  ;[before, after] = await Promise.all([startOidcProvider(), startOidcProvider()])
  console_ = await createTestConsole({ env: { ...before.env, AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' } })
})
afterEach(async () => {
  await console_.close()
  await Promise.all([before.close(), after.close()])
})

const bob: Person = { sub: 'bob-1', email: 'bob@example.com', email_verified: true, name: 'Bob' }

const movedTo = (provider: OidcProvider): Deps => consoleWith(console_.deps, provider)

const trail = async () =>
  (await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })).map(({ action, actor, payload }) => ({
    action,
    actor,
    payload,
  }))

describe('a changed issuer', () => {
  beforeEach(async () => {
    before.as(bob)
    expect((await visitProvider(console_.deps, 'oidc')).error).toBeNull()
  })

  it('a subject of the new issuer cannot sign in to the account of the same subject of the earlier issuer', async () => {
    const deps = movedTo(after)
    after.as({ ...bob, email: 'mallory@example.com', name: 'Mallory' })
    const { browser, error } = await visitProvider(deps, 'oidc')
    expect(error).toBeNull()
    expect(await authenticate(deps, browser.headers(), 'person')).toMatchObject({ name: 'mallory@example.com' })
    expect(await console_.deps.db.user.count()).toBe(2)
  })

  it('a subject of the new issuer with the address of an account is refused and audited', async () => {
    after.as(bob)
    expect(await visitProvider(movedTo(after), 'oidc')).toMatchObject({ error: 'account_not_linked', path: '/sign-in' })
    expect(await console_.deps.db.session.count()).toBe(1)
    expect((await trail()).at(-1)).toEqual({
      action: 'console.session.refused',
      actor: 'bob@example.com',
      payload: {
        method: 'oidc',
        address_digest: null,
        reason: 'account_not_linked',
        identity: `${after.issuer} bob-1`,
      },
    })
  })

  it('the account page shows the provider as not connected after the issuer was changed', async () => {
    const { userId } = await console_.deps.db.account.findFirstOrThrow()
    const seen = async (deps: Deps) => {
      const actor = { name: bob.email, userId, role: 'viewer', environments: null, permissions: null } as const
      const account = await readAccount(deps, {
        ...actor,
        surfaces: null,
        via: 'session',
        provedAt: new Date(),
        sessionId: userId,
      })
      return account.providers
    }
    expect(await seen(console_.deps)).toMatchObject([{ id: 'oidc', connected: true }])
    expect(await seen(movedTo(after))).toMatchObject([{ id: 'oidc', connected: false }])
  })
})

describe('an account from before issuers were stored', () => {
  const forgetIssuer = () =>
    console_.deps.db.account.updateMany({ where: { providerId: 'oidc' }, data: { issuer: null, accountId: 'bob-1' } })
  beforeEach(async () => {
    before.as(bob)
    await visitProvider(console_.deps, 'oidc')
    await forgetIssuer()
  })

  it('an account without an issuer gets the configured one, and several servers that start at once audit it once', async () => {
    await Promise.all([bindAccounts(console_.deps), bindAccounts(console_.deps), bindAccounts(console_.deps)])
    const { issuer } = before
    expect(await console_.deps.db.account.findMany()).toMatchObject([{ issuer, accountId: `${issuer} bob-1` }])
    const bound = {
      action: 'console.account.issuer_bound',
      actor: 'console',
      payload: { provider: 'oidc', issuer, accounts: 1 },
    }
    expect((await trail()).filter(({ action }) => action === 'console.account.issuer_bound')).toEqual([bound])
  })

  it('an account without an issuer signs its owner in before it is bound', async () => {
    expect((await visitProvider(console_.deps, 'oidc')).error).toBeNull()
    expect(await console_.deps.db.user.count()).toBe(1)
  })

  it('a bound account keeps its issuer when another one is configured', async () => {
    await bindAccounts(console_.deps)
    await bindAccounts(movedTo(after))
    after.as(bob)
    expect((await visitProvider(movedTo(after), 'oidc')).error).toBe('account_not_linked')
    expect((await visitProvider(console_.deps, 'oidc')).error).toBeNull()
  })
})
