import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { SANDBOX_OPERATOR } from '~/domain/member'
import type { Role } from '~/domain/permissions'
import { authenticate } from '~/server/auth/sessions/authenticate'
import type { Deps } from '~/server/deps'
import { changeMember, restoreMember, suspendMember } from '~/server/people/change-member'
import { hasAdmin } from '~/server/people/has-admin'
import { invite } from '~/server/people/invite'
import { listPeople } from '~/server/people/list-people'
import { lookUpLink } from '~/server/people/look-up-link'
import { makeRecoveryLink } from '~/server/people/recovery-link'
import { createToken } from '~/server/tokens/create-token'
import { browser, firstAdmin, PASSWORD } from '~test/support/auth-client'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { signedInAs } from '~test/support/sessions'

/** One database: the console in front of the sandbox, and afterwards in front of a real GitHub. */
let console_: TestConsole
let real: Deps
let sandbox: Deps
let operator: Actor
beforeEach(async () => {
  console_ = await createTestConsole()
  real = console_.deps
  sandbox = { ...real, config: { ...real.config, sandboxUrl: 'http://127.0.0.1:3001' } }
  operator = await actorOf(sandbox, new Headers({ cookie: await signedInAs(real, { email: SANDBOX_OPERATOR.email }) }))
})
afterEach(() => console_.close())

async function actorOf(deps: Deps, headers: Headers): Promise<Actor> {
  const actor = await authenticate(deps, headers, 'person')
  if (actor === null) throw new Error('nobody is signed in')
  return actor
}
const tokenOf = ({ path }: { readonly path: string }) => path.slice('/invite/'.length)
const post = (deps: Deps, link: { readonly path: string }) =>
  browser(deps).post('/links/accept', { token: tokenOf(link), name: 'Somebody', password: PASSWORD })

async function joined(deps: Deps, by: Actor, email: string, role: Role) {
  const held = browser(deps)
  const link = await invite(deps, by, { email, role, environments: null })
  const body = { token: tokenOf(link), name: 'Somebody', password: PASSWORD }
  expect(await held.post('/links/accept', body)).toMatchObject({ status: 200 })
  return { held, actor: await actorOf(deps, held.headers()) }
}
const signIn = (deps: Deps, email: string) => browser(deps).post('/sign-in/email', { email, password: PASSWORD })

it('the sandbox’s own admin is not the admin a real console has, not even with a passkey', async () => {
  const { userId } = operator
  const key = { publicKey: 'key', credentialID: 'credential', counter: 0, deviceType: 'singleDevice', backedUp: false }
  await real.db.passkey.create({ data: { id: real.newId(), userId, ...key } })
  expect(await hasAdmin(real), 'so a start prints a setup link').toBe(false)
  const ada = await actorOf(real, (await firstAdmin(real)).headers())
  await expect(suspendMember(real, ada, ada.userId)).rejects.toMatchObject({ code: 'last_admin' })
  await expect(restoreMember(real, ada, userId)).rejects.toMatchObject({ code: 'member_unknown' })
})

it('whom it let in, and whom those let in, have no access with a real GitHub until an admin gives it back', async () => {
  const bob = await joined(sandbox, operator, 'bob@example.com', 'admin')
  const eve = await joined(sandbox, bob.actor, 'eve@example.com', 'deployer')
  const scope = { permissions: ['deploy.read' as const], environments: [], surfaces: null, expiresInDays: 30 }
  const { secret } = await createToken(sandbox, bob.actor, { label: 'ci', ...scope })
  for (const { held, actor } of [bob, eve]) {
    expect(await authenticate(real, held.headers(), 'person')).toBeNull()
    expect(await signIn(real, actor.name)).toMatchObject({ status: 403 })
  }
  const rest = restClient(real, async () => '')
  const read = () =>
    rest.call('GET', `/api/internal/deploys/${real.newId()}`, { headers: { authorization: `Bearer ${secret}` } })
  expect(await read()).toMatchObject({ status: 401 })

  expect(await hasAdmin(real)).toBe(false)
  const ada = await actorOf(real, (await firstAdmin(real)).headers())
  await expect(suspendMember(real, ada, ada.userId), 'bob is no other admin').rejects.toMatchObject({
    code: 'last_admin',
  })
  const shown = async () =>
    (await listPeople(real, null)).members.filter(({ suspendedAt }) => suspendedAt !== null).map(({ email }) => email)
  expect((await shown()).toSorted()).toEqual(['bob@example.com', 'eve@example.com', SANDBOX_OPERATOR.email])
  await restoreMember(real, ada, eve.actor.userId)
  expect(await signIn(real, 'eve@example.com')).toMatchObject({ status: 200 })
})

it('links it made, and those of whom it let in, do not work with a real GitHub', async () => {
  const bob = await joined(sandbox, operator, 'bob@example.com', 'admin')
  for (const maker of [operator, bob.actor]) {
    const link = await invite(sandbox, maker, { email: null, role: 'admin', environments: null })
    expect(await lookUpLink(sandbox, tokenOf(link))).not.toBeNull()
    expect(await lookUpLink(real, tokenOf(link))).toBeNull()
    expect(await post(real, link)).toMatchObject({ status: 410, body: { code: 'link_unusable' } })
  }
})

it('a member of the real console who is given more there, or a new password, is out until given back', async () => {
  const ada = await actorOf(real, (await firstAdmin(real)).headers())
  const [dan, fay] = [
    await joined(real, ada, 'dan@example.com', 'viewer'),
    await joined(real, ada, 'fay@example.com', 'approver'),
  ]
  await changeMember(sandbox, operator, { userId: dan.actor.userId, role: 'admin', environments: null })
  const link = await makeRecoveryLink(sandbox, operator, fay.actor.userId)
  expect(await post(sandbox, link)).toMatchObject({ status: 200 })
  for (const { actor } of [dan, fay]) {
    expect(await signIn(sandbox, actor.name)).toMatchObject({ status: 200 })
    expect(await signIn(real, actor.name)).toMatchObject({ status: 403 })
  }
})
