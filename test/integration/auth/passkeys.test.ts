import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { authenticate } from '~/server/auth/sessions/read-session'
import { type Browser, browser, firstAdmin } from '~test/support/auth-client'
import { authenticator } from '~test/support/authenticator'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { signedInAs } from '~test/support/sessions'

const ORIGIN = 'http://localhost:3000'
const CHECKED = { verified: true }
const UNCHECKED = { verified: false }
type Key = ReturnType<typeof authenticator>

let console_: TestConsole
let ada: Browser
beforeEach(async () => {
  console_ = await createTestConsole()
  ada = await firstAdmin(console_.deps)
})
afterEach(() => console_.close())

const challengeFor = async (held: Browser, what: 'register' | 'authenticate'): Promise<string> => {
  const { status, body } = await held.get(`/passkey/generate-${what}-options`)
  expect(status).toBe(200)
  return String(Object(body).challenge)
}
const add = async (held: Browser, key: Key, checked = CHECKED, name = 'Key') => {
  const response = key.register(await challengeFor(held, 'register'), checked)
  return await held.post('/passkey/verify-registration', { response, name })
}
const signIn = async (held: Browser, key: Key, checked = CHECKED) => {
  const response = key.authenticate(await challengeFor(held, 'authenticate'), checked)
  return await held.post('/passkey/verify-authentication', { response })
}
const confirm = async (held: Browser, key: Key, checked = CHECKED) => {
  const response = key.authenticate(await challengeFor(held, 'authenticate'), checked)
  return await held.post('/confirm/passkey', { response })
}
const ageProofs = () => console_.deps.db.session.updateMany({ data: { provedAt: new Date(Date.now() - 60 * 60_000) } })
const isProvedLately = async (held: Browser) => {
  const provedAt = (await authenticate(console_.deps, held.headers(), 'person'))?.provedAt
  return provedAt != null && Date.now() - provedAt.getTime() < 60_000
}
const refusals = async () =>
  (await console_.deps.db.auditEvent.findMany({ where: { action: 'console.session.refused' } })).map(
    ({ actor, payload }) => [actor, Object(payload).method],
  )

it('a passkey with user verification is added, signs in, and confirms an identity', async () => {
  const key = authenticator(ORIGIN)
  expect(await add(ada, key)).toMatchObject({ status: 200 })
  const held = browser(console_.deps)
  expect(await signIn(held, key)).toMatchObject({ status: 200 })
  await ageProofs()
  expect(await confirm(held, key)).toMatchObject({ status: 200 })
  expect([await isProvedLately(held), await isProvedLately(ada)]).toEqual([true, false])
})

describe('a passkey without user verification', () => {
  it('a passkey without user verification is not added', async () => {
    const answer = await add(ada, authenticator(ORIGIN), UNCHECKED)
    expect(answer).toMatchObject({ status: 401, body: { code: 'USER_NOT_VERIFIED' } })
    expect(await console_.deps.db.passkey.count()).toBe(0)
  })

  it('a passkey without user verification signs nobody in, and the attempt is audited', async () => {
    const key = authenticator(ORIGIN)
    await add(ada, key)
    const held = browser(console_.deps)
    expect(await signIn(held, key, UNCHECKED)).toMatchObject({ status: 401, body: { code: 'USER_NOT_VERIFIED' } })
    expect(await console_.deps.db.session.count()).toBe(1)
    expect(await refusals()).toEqual([['somebody', 'passkey']])
  })

  it('a passkey without user verification confirms no identity', async () => {
    const key = authenticator(ORIGIN)
    await add(ada, key)
    await ageProofs()
    expect(await confirm(ada, key, UNCHECKED)).toMatchObject({ status: 403, body: { code: 'WRONG_PASSKEY' } })
    expect(await isProvedLately(ada)).toBe(false)
  })
})

it('a passkey of another member confirms no identity, and the attempt is audited', async () => {
  const [adas, bobs] = [authenticator(ORIGIN), authenticator(ORIGIN)]
  await add(ada, adas)
  const bob = browser(console_.deps, '203.0.113.2', await signedInAs(console_.deps, { email: 'bob@example.com' }))
  expect(await add(bob, bobs)).toMatchObject({ status: 200 })
  await ageProofs()
  expect(await confirm(ada, bobs)).toMatchObject({ status: 403, body: { code: 'WRONG_PASSKEY' } })
  expect(await isProvedLately(ada)).toBe(false)
  expect(await refusals()).toEqual([['ada@example.com', 'passkey']])
})

it('the passkey of a suspended member signs nobody in, and one audit event names the member', async () => {
  const key = authenticator(ORIGIN)
  await add(ada, key)
  await console_.deps.db.member.updateMany({ data: { suspendedAt: new Date() } })
  const held = browser(console_.deps)
  expect(await signIn(held, key)).toMatchObject({ status: 403, body: { code: 'not_a_member' } })
  expect(await refusals()).toEqual([['ada@example.com', 'passkey']])
})

it.each(['\u202eyek', 'a\u0000b', '\ud800', 'x'.repeat(101)])(
  'a passkey is not added under the name %j',
  async (name) => {
    expect(await add(ada, authenticator(ORIGIN), CHECKED, name)).toMatchObject({ status: 400 })
    expect(await console_.deps.db.passkey.count()).toBe(0)
  },
)
