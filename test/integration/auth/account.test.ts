import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { authenticate } from '~/server/auth/sessions/read-session'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { type Browser, browser, firstAdmin, PASSWORD } from '~test/support/auth-client'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { signedInAs } from '~test/support/sessions'

let console_: TestConsole
let ada: Browser
beforeEach(async () => {
  console_ = await createTestConsole()
  ada = await firstAdmin(console_.deps)
})
afterEach(() => console_.close())

const who = (headers: Headers) => authenticate(console_.deps, headers, 'person')
const caller = (actor: Actor | null) => createCaller(createContextInner(console_.deps, actor)).account
const own = async (of: Browser) => caller(await who(of.headers()))
const signInAsBob = async () =>
  new Headers({ cookie: await signedInAs(console_.deps, { email: 'bob@example.com', role: 'viewer' }) })
const addPasskey = (userId: string, name: string) =>
  console_.deps.db.passkey.create({
    data: {
      id: console_.deps.newId(),
      userId,
      name,
      publicKey: 'AA',
      credentialID: name,
      counter: 0,
      deviceType: 'singleDevice',
      backedUp: false,
    },
  })

describe("a person's own account", () => {
  it('a person sees their own sessions, the current one first, and ends all others', async () => {
    await signInAsBob()
    const phone = browser(console_.deps)
    await phone.post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    const { sessions } = await (await own(ada)).get()
    expect(sessions.map(({ current }) => current)).toEqual([true, false])
    expect(await (await own(ada)).endOtherSessions()).toEqual({ ended: 1 })
    expect([await who(phone.headers()), await who(ada.headers())]).toMatchObject([null, { name: 'ada@example.com' }])
    expect(await console_.deps.db.session.count()).toBe(2)
    expect((await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })).at(-1)).toMatchObject({
      action: 'console.session.closed',
      payload: { reason: 'revoked' },
    })
  })

  it('a person ends one of their sessions, and the others stay', async () => {
    const [phone, desk] = [browser(console_.deps), browser(console_.deps)]
    for (const held of [phone, desk]) {
      await held.post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    }
    const id = (await who(phone.headers()))?.sessionId ?? ''
    await (await own(ada)).endSession({ id })
    expect(await who(phone.headers())).toBeNull()
    expect([await who(desk.headers()), await who(ada.headers())]).not.toContain(null)
    const closed = await console_.deps.db.auditEvent.findMany({ where: { action: 'console.session.closed' } })
    expect(closed).toMatchObject([{ actor: 'ada@example.com', payload: { reason: 'revoked' } }])
  })

  it('a person cannot end sessions or change passkeys of somebody else, even as an admin', async () => {
    const bob = await who(await signInAsBob())
    const id = bob?.sessionId ?? ''
    const { id: key } = await addPasskey(bob?.userId ?? '', 'Bob’s')
    await expect((await own(ada)).endSession({ id })).rejects.toThrow(/already ended/)
    await expect((await own(ada)).removePasskey({ id: key })).rejects.toThrow(/no longer exists/)
    await expect((await own(ada)).renamePasskey({ id: key, name: 'Ada’s' })).rejects.toThrow(/no longer exists/)
    expect(await console_.deps.db.passkey.findMany({ select: { name: true } })).toEqual([{ name: 'Bob’s' }])
    expect(await console_.deps.db.session.count()).toBe(2)
  })

  it('the last way to sign in cannot be removed, even by two removals at once', async () => {
    const headers = await signInAsBob()
    const bob = await who(headers)
    const [one, two] = [await addPasskey(bob?.userId ?? '', 'One'), await addPasskey(bob?.userId ?? '', 'Two')]
    const removals = [one, two].map(({ id }) => caller(bob).removePasskey({ id }))
    const outcomes = await Promise.allSettled(removals)
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await console_.deps.db.passkey.count()).toBe(1)
  })

  it('a passkey is removed only with a fresh proof', async () => {
    const actor = await who(ada.headers())
    if (actor === null) throw new Error('nobody is signed in')
    const { id } = await addPasskey(actor.userId, 'Desk')
    const stale = caller({ ...actor, provedAt: new Date(Date.now() - 3_600_000) })
    await expect(stale.removePasskey({ id })).rejects.toThrow(/Confirm your identity/)
    expect(await console_.deps.db.passkey.count()).toBe(1)
    await caller(actor).removePasskey({ id })
    expect(await console_.deps.db.passkey.count()).toBe(0)
  })

  it('a person changes their name without surrounding spaces, and the account page lists their ways to sign in', async () => {
    await (await own(ada)).rename({ name: '  Ada L. ' })
    expect(await (await own(ada)).get()).toMatchObject({
      name: 'Ada L.',
      password: true,
      secondFactor: false,
      providers: [],
    })
  })
})

it('an unknown passkey signs nobody in, and the attempt is audited', async () => {
  const stranger = browser(console_.deps)
  const response = { id: 'unknown', rawId: 'unknown', type: 'public-key', response: {} }
  expect((await stranger.post('/passkey/verify-authentication', { response })).status).toBe(400)
  expect((await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })).at(-1)).toMatchObject({
    actor: 'somebody',
    action: 'console.session.refused',
    payload: { method: 'passkey' },
  })
})
