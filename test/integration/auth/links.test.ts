import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import type { Role } from '~/domain/permissions'
import { authenticate } from '~/server/auth/sessions/read-session'
import { changeMember, suspendMember } from '~/server/members/manage/change-member'
import { lookUpLink } from '~/server/members/manage/links'
import { createToken } from '~/server/tokens/manage-tokens'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { type Browser, browser, firstAdmin, PASSWORD } from '~test/support/auth-client'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { startOidcProvider } from '~test/support/oidc-provider'
import { visitProvider } from '~test/support/provider-visit'
import { codeAt } from '~test/support/totp'

let provider: Awaited<ReturnType<typeof startOidcProvider>>
let console_: TestConsole
/** The first admin, in person and as the screen's procedures know her. */
let ada: Actor
let caller: ReturnType<typeof createCaller>
beforeEach(async () => {
  provider = await startOidcProvider()
  console_ = await createTestConsole({ env: provider.env })
  ada = await actorOf(await firstAdmin(console_.deps))
  caller = callerOf(ada)
})
afterEach(async () => {
  await console_.close()
  await provider.close()
})

const callerOf = (actor: Actor) => createCaller(createContextInner(console_.deps, actor))
const tokenOf = ({ path }: { readonly path: string }) => path.slice('/invite/'.length)
const NEW_PASSWORD = 'another long password'

async function actorOf(held: Browser): Promise<Actor> {
  const actor = await authenticate(console_.deps, held.headers(), 'person')
  if (actor === null) throw new Error('nobody is signed in')
  return actor
}
/** Each visitor has another address: one address may not try a dozen times a minute. */
let visitors = 0
const visitor = () => {
  visitors += 1
  return browser(console_.deps, `198.51.100.${visitors}`)
}
const use = (link: { readonly path: string }, name?: string) =>
  visitor().post('/links/accept', {
    token: tokenOf(link),
    password: NEW_PASSWORD,
    ...(name === undefined ? {} : { name, email: 'anybody@example.com' }),
  })
const invite = (email: string, role: Role = 'viewer', by = caller) =>
  by.members.invite({ email, role, environments: null })

async function join(email: string, role: Role) {
  const held = visitor()
  const token = tokenOf(await invite(email, role))
  expect(await held.post('/links/accept', { token, name: 'Bob', password: PASSWORD })).toMatchObject({ status: 200 })
  return { held, actor: await actorOf(held) }
}
const trail = async (...actions: string[]) =>
  (await console_.deps.db.auditEvent.findMany({ where: { action: { in: actions } }, orderBy: { id: 'asc' } })).map(
    ({ actor, action, payload }) => ({ actor, action, ...Object(payload) }),
  )

const GONE = { status: 410, body: { code: 'link_unusable' } }

describe('links that a former admin made', () => {
  const ENDINGS = [
    ['suspended', ({ userId }: Actor) => suspendMember(console_.deps, ada, userId)],
    [
      'demoted',
      ({ userId }: Actor) => changeMember(console_.deps, ada, { userId, role: 'approver', environments: null }),
    ],
  ] as const

  it.each(ENDINGS)(
    'links of an admin who is %s are revoked and audited, and links of other admins still work',
    async (_, end) => {
      const bob = await join('bob@example.com', 'admin')
      const carol = await join('carol@example.com', 'approver')
      const made = [
        await invite('bob2@example.com', 'admin', callerOf(bob.actor)),
        await callerOf(bob.actor).members.passwordLink({ userId: carol.actor.userId }),
      ]
      const others = await invite('dora@example.com')
      await end(bob.actor)
      for (const link of made) expect(await use(link, 'Bob')).toMatchObject(GONE)
      expect(await trail('console.link.revoked')).toMatchObject([
        { actor: 'ada@example.com', kind: 'invitation', role: 'admin' },
        { actor: 'ada@example.com', kind: 'recovery', role: 'approver' },
      ])
      expect(await use(others, 'Dora'), 'of another admin').toMatchObject({ status: 200 })
    },
  )

  it("a link that was not revoked at its maker's demotion is refused, on the screen and at a provider", async () => {
    const bob = await join('bob@example.com', 'admin')
    const link = await invite('bob2@example.com', 'admin', callerOf(bob.actor))
    // As if a request had made the link while its maker was being demoted.
    await console_.deps.db.member.update({ where: { userId: bob.actor.userId }, data: { role: 'approver' } })
    expect(await lookUpLink(console_.deps, tokenOf(link))).toBeNull()
    expect(await use(link, 'Bob')).toMatchObject(GONE)
    provider.as({ sub: 'bob-2', email: 'bob2@example.com', email_verified: true, name: 'Bob' })
    expect(await visitProvider(console_.deps, 'oidc')).toMatchObject({ error: 'not_admitted' })
  })
})

describe('several links for one address', () => {
  it('a leftover invitation sets no password of an existing member', async () => {
    const first = await invite('anybody@example.com')
    const { id } = await console_.deps.db.invitation.findFirstOrThrow({ orderBy: { id: 'desc' } })
    const open = await caller.members.invite({ email: null, role: 'deployer', environments: null })
    expect(await use(open, 'Bob')).toMatchObject({ status: 200 })
    expect(await use(first)).toMatchObject(GONE)
    // An older version may have left the link unrevoked.
    await console_.deps.db.invitation.update({ where: { id }, data: { revokedAt: null } })
    expect(await use(first, 'Eve')).toMatchObject({ status: 409, body: { code: 'address_taken' } })
    expect(await use(first)).toMatchObject({ status: 400, body: { code: 'invalid_input' } })
  })

  it('a later invitation or password link ends the earlier one and is audited', async () => {
    const [first, second] = [await invite('bob@example.com'), await invite('bob@example.com')]
    expect(await use(first, 'Bob')).toMatchObject(GONE)
    expect(await use(second, 'Bob')).toMatchObject({ status: 200 })
    const { id: userId } = await console_.deps.db.user.findUniqueOrThrow({ where: { email: 'bob@example.com' } })
    const [lost, kept] = [await caller.members.passwordLink({ userId }), await caller.members.passwordLink({ userId })]
    expect(await use(lost)).toMatchObject(GONE)
    expect(await use(kept)).toMatchObject({ status: 200 })
    const ended = await trail('console.link.revoked')
    expect(ended.map(({ actor, kind }) => [actor, kind])).toEqual([
      ['ada@example.com', 'invitation'],
      ['ada@example.com', 'recovery'],
    ])
  })

  it('joining with a provider uses up one invitation and ends the others', async () => {
    await invite('bob@example.com')
    await invite('bob@example.com')
    await console_.deps.db.invitation.updateMany({ data: { revokedAt: null } })
    provider.as({ sub: 'bob-1', email: 'bob@example.com', email_verified: true, name: 'Bob' })
    expect(await visitProvider(console_.deps, 'oidc')).toMatchObject({ error: null })
    const left = await console_.deps.db.invitation.count({ where: { usedAt: null, revokedAt: null } })
    expect(left).toBe(0)
    const { id } = await console_.deps.db.user.findUniqueOrThrow({ where: { email: 'bob@example.com' } })
    const given = await console_.deps.db.accessGiven.findMany({ where: { userId: id } })
    expect(given, 'approvals can tell who admitted the member').toMatchObject([{ givenByUserId: ada.userId }])
  })
})

describe('a password link', () => {
  it('a password link ends sessions, passkeys, providers and tokens, and audits each', async () => {
    const bob = await join('bob@example.com', 'deployer')
    const { userId } = bob.actor
    const { db } = console_.deps
    const keys = { publicKey: 'key', counter: 0, deviceType: 'singleDevice', backedUp: false }
    await db.passkey.create({ data: { id: console_.deps.newId(), userId, credentialID: 'credential', ...keys } })
    provider.as({ sub: 'thief', email: 'bob@example.com', email_verified: true, name: 'Bob' })
    expect(await visitProvider(console_.deps, 'oidc', { held: bob.held, path: '/link-social' })).toMatchObject({
      error: null,
    })
    const scope = { permissions: ['deploy.read' as const], environments: [], surfaces: null, expiresInDays: 30 }
    await createToken(console_.deps, bob.actor, { label: 'ci', ...scope })

    expect(await use(await caller.members.passwordLink({ userId }))).toMatchObject({ status: 200 })
    expect(await authenticate(console_.deps, bob.held.headers(), 'person')).toBeNull()
    expect(await db.passkey.count()).toBe(0)
    expect(await db.account.findMany({ where: { userId } })).toMatchObject([{ providerId: 'credential' }])
    expect((await visitProvider(console_.deps, 'oidc')).error).not.toBeNull()
    expect(await db.apiToken.findMany({ where: { revokedAt: null } })).toEqual([])
    const made = ['console.account.password_changed', 'console.account.changed', 'console.token.revoked']
    expect((await trail(...made)).filter(({ change }) => change !== 'provider connected')).toMatchObject([
      { actor: 'bob@example.com', action: made[0] },
      { actor: 'bob@example.com', change: 'passkey removed' },
      { actor: 'bob@example.com', change: 'provider disconnected' },
      { actor: 'bob@example.com', action: made[2], label: 'ci' },
    ])
  })

  it('a password link ends a pending provider connection and a sign-in that waits for its second factor', async () => {
    const bob = await join('bob@example.com', 'deployer')
    const begun = await bob.held.post('/two-factor/enable', { password: PASSWORD, method: 'totp' })
    const secret = new URL(Object(begun.body).totpURI).searchParams.get('secret') ?? ''
    expect(await bob.held.post('/two-factor/verify-totp', { code: codeAt(secret, Date.now()) })).toMatchObject({
      status: 200,
    })
    const half = visitor()
    const credentials = { email: 'bob@example.com', password: PASSWORD }
    expect(await half.post('/sign-in/email', credentials)).toMatchObject({ body: { twoFactorRedirect: true } })
    provider.as({ sub: 'thief', email: 'bob@example.com', email_verified: true, name: 'Bob' })
    const linking = await bob.held.post('/link-social', { provider: 'oidc', callbackURL: '/account' })
    const pressed = await fetch(Object(linking.body).url, { method: 'POST', redirect: 'manual' })

    expect(await use(await caller.members.passwordLink({ userId: bob.actor.userId }))).toMatchObject({ status: 200 })
    await bob.held.follow(new URL(pressed.headers.get('location') ?? 'none:'))
    expect(await console_.deps.db.account.count({ where: { providerId: 'oidc' } })).toBe(0)
    const code = codeAt(secret, Date.now() + 30_000)
    expect((await half.post('/two-factor/verify-totp', { code })).status).not.toBe(200)
    expect(await authenticate(console_.deps, half.headers(), 'person')).toBeNull()

    // The second factor stays: without it, the maker of the link could sign in.
    const fresh = await visitor().post('/sign-in/email', { ...credentials, password: NEW_PASSWORD })
    expect(fresh).toMatchObject({ status: 200, body: { twoFactorRedirect: true } })
  })
})
