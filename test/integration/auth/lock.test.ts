import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { authenticate } from '~/server/auth/sessions/read-session'
import type { Deps } from '~/server/deps'
import { type Browser, browser, firstAdmin, PASSWORD } from '~test/support/auth-client'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { signedInAs } from '~test/support/sessions'

let console_: TestConsole
let later = 0
let deps: Deps
beforeEach(async () => {
  console_ = await createTestConsole()
  later = 0
  deps = { ...console_.deps, now: () => new Date(Date.now() + later) }
})
afterEach(() => console_.close())

let visitors = 0
/** Signs in from a new address each time, so that only the limit of the account applies. */
const signIn = (email: string, password: string) => {
  visitors += 1
  return browser(deps, `198.51.${Math.floor(visitors / 250)}.${(visitors % 250) + 1}`).post('/sign-in/email', {
    email,
    password,
  })
}
const wrong = (email: string) => signIn(email, 'a wrong password')
const statuses = async (tries: readonly Promise<{ status: number }>[]) =>
  (await Promise.all(tries)).map(({ status }) => status)

describe('locking an address after incorrect passwords', () => {
  it.each(['ada@example.com', 'nobody@example.com'])(
    'five incorrect passwords lock %s even for the correct one, and the answer says for how long',
    async (email) => {
      await firstAdmin(deps)
      const lockedAt = new Date()
      deps = { ...deps, now: () => lockedAt }
      for (let n = 0; n < 5; n += 1) expect(await wrong(email)).toMatchObject({ status: 401 })
      const locked = await signIn(email, PASSWORD)
      expect(locked).toMatchObject({
        status: 429,
        body: { code: 'LOCKED', message: expect.stringContaining('30 seconds') },
      })
      expect(Number(locked.headers.get('retry-after'))).toBeLessThanOrEqual(30)
    },
  )

  it('a lock doubles with each incorrect password up to 15 minutes, and a correct password resets it', async () => {
    await firstAdmin(deps)
    for (let n = 0; n < 5; n += 1) await wrong('ada@example.com')
    for (const seconds of [30, 60, 120, 240, 480, 900, 900]) {
      later += (seconds - 5) * 1000
      expect(await wrong('ada@example.com'), `locked for ${seconds} s`).toMatchObject({ status: 429 })
      later += 10_000
      expect(await wrong('ada@example.com'), `open after ${seconds} s`).toMatchObject({ status: 401 })
    }
    later += 901_000
    expect(await signIn('ada@example.com', PASSWORD)).toMatchObject({ status: 200 })
    expect(await wrong('ada@example.com')).toMatchObject({ status: 401 })
    expect(await signIn('ada@example.com', PASSWORD)).toMatchObject({ status: 200 })
  })

  it('of twenty simultaneous incorrect passwords, five are checked and fifteen are refused', async () => {
    await firstAdmin(deps)
    const answers = await statuses(Array.from({ length: 20 }, () => wrong('ada@example.com')))
    expect(answers.filter((status) => status === 401)).toHaveLength(5)
    expect(answers.filter((status) => status === 429)).toHaveLength(15)
  })

  it('a lock leaves sessions open and is audited', async () => {
    const ada = await firstAdmin(deps)
    for (let n = 0; n < 5; n += 1) await wrong('ada@example.com')
    expect(await authenticate(deps, ada.headers(), 'person')).toMatchObject({ name: 'ada@example.com' })
    const rows = await deps.db.auditEvent.findMany({ where: { action: 'console.session.locked' } })
    expect(rows).toMatchObject([{ actor: 'ada@example.com' }])
  })
})

describe('a browser that the person used before', () => {
  /** A browser that signed in and out again, and so is known. */
  async function known(email: string, password = PASSWORD) {
    const held = browser(deps, '198.18.0.1')
    await held.post('/sign-in/email', { email, password })
    await held.post('/sign-out', {})
    expect(held.cookies()).toMatch(/^console\.device=[\w-]{22}\.[\w-]{43}$/)
    return held
  }
  const lockAda = async () => {
    for (let n = 0; n < 5; n += 1) expect(await wrong('ada@example.com')).toMatchObject({ status: 401 })
    expect(await signIn('ada@example.com', PASSWORD)).toMatchObject({ status: 429 })
  }
  const signInFrom = (held: Browser, password: string) =>
    held.post('/sign-in/email', { email: 'Ada@example.com', password })

  it('a known browser can sign in while others keep the address locked', async () => {
    await firstAdmin(deps)
    const desk = await known('ada@example.com')
    for (const round of [1, 2, 3]) {
      await lockAda()
      expect(await signInFrom(desk, 'a wrong password'), `round ${round}`).toMatchObject({ status: 401 })
      expect(await signInFrom(desk, PASSWORD)).toMatchObject({ status: 200 })
      expect(await signIn('ada@example.com', PASSWORD), 'other browsers are locked').toMatchObject({ status: 429 })
      later += 3_600_001
    }
  })

  it('five incorrect passwords from a known browser lock that browser only', async () => {
    await firstAdmin(deps)
    const desk = await known('ada@example.com')
    for (let n = 0; n < 5; n += 1) expect(await signInFrom(desk, 'a wrong password')).toMatchObject({ status: 401 })
    expect(await signInFrom(desk, PASSWORD)).toMatchObject({ status: 429, body: { code: 'LOCKED' } })
    expect(await signIn('ada@example.com', PASSWORD)).toMatchObject({ status: 200 })
    const rows = await deps.db.auditEvent.findMany({ where: { action: 'console.session.locked' } })
    expect(rows).toMatchObject([{ actor: 'ada@example.com' }])
  })

  it('a device cookie is valid for one address only, and a forged device cookie is ignored', async () => {
    await firstAdmin(deps)
    const { password } = await deps.db.account.findFirstOrThrow({ select: { password: true } })
    await signedInAs(deps, { email: 'eve@example.com' })
    const { id: userId } = await deps.db.user.findFirstOrThrow({ where: { email: 'eve@example.com' } })
    const account = { providerId: 'credential', accountId: userId, userId, password }
    await deps.db.account.create({ data: { id: deps.newId(), ...account } })
    const eves = await known('eve@example.com')
    await lockAda()
    expect(await signInFrom(eves, PASSWORD)).toMatchObject({ status: 429 })
    const madeUp = browser(deps, '198.18.0.2', `console.device=${'A'.repeat(22)}.${'A'.repeat(43)}`)
    expect(await signInFrom(madeUp, PASSWORD)).toMatchObject({ status: 429 })
  })
})

describe('changing the password', () => {
  const change = (currentPassword: string) => ({
    currentPassword,
    newPassword: 'another long password',
    revokeOtherSessions: true,
  })

  it('a password change requires the current password, ends every other session, and is audited', async () => {
    const ada = await firstAdmin(deps)
    const other = browser(deps)
    await other.post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    expect(await ada.post('/change-password', change('a wrong password'))).toMatchObject({ status: 400 })
    expect(await ada.post('/change-password', change(PASSWORD))).toMatchObject({ status: 200 })
    expect(await authenticate(deps, ada.headers(), 'person')).not.toBeNull()
    expect(await authenticate(deps, other.headers(), 'person')).toBeNull()
    expect(await signIn('ada@example.com', 'another long password')).toMatchObject({ status: 200 })
    const rows = await deps.db.auditEvent.findMany({ where: { action: 'console.account.password_changed' } })
    expect(rows).toMatchObject([{ actor: 'ada@example.com' }])
  })

  it('a password change that keeps the other sessions is refused', async () => {
    const ada = await firstAdmin(deps)
    for (const kept of [{}, { revokeOtherSessions: false }]) {
      const body = { currentPassword: PASSWORD, newPassword: 'another long password', ...kept }
      expect(await ada.post('/change-password', body)).toMatchObject({ status: 400, body: { code: 'SESSIONS_KEPT' } })
    }
    expect(await signIn('ada@example.com', PASSWORD)).toMatchObject({ status: 200 })
  })

  it('five incorrect current passwords lock the password change', async () => {
    const ada = await firstAdmin(deps)
    for (let n = 0; n < 5; n += 1) await wrong('ada@example.com')
    for (let n = 0; n < 5; n += 1) {
      expect(await ada.post('/change-password', change('a wrong password'))).toMatchObject({ status: 400 })
    }
    expect(await ada.post('/change-password', change(PASSWORD))).toMatchObject({
      status: 429,
      body: { code: 'LOCKED' },
    })
  })
})

it('one address that tries many accounts reaches its own limit', async () => {
  await firstAdmin(deps)
  const one = browser(deps, '203.0.113.77')
  const answers: number[] = []
  for (let n = 0; n < 12; n += 1) {
    answers.push(
      (await one.post('/sign-in/email', { email: `a${n}@example.com`, password: 'a wrong password' })).status,
    )
  }
  expect(answers).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
})

it('sign-up, password reset and other unused paths of the library answer 404', async () => {
  const body = { name: 'Eve', email: 'eve@example.com', password: PASSWORD }
  for (const path of [
    '/sign-up/email',
    '/request-password-reset',
    '/reset-password',
    '/update-user',
    '/delete-user',
    '/ok',
  ]) {
    const { status } = await browser(deps).post(path, body)
    expect(`${path} ${status}`).toBe(`${path} 404`)
  }
  expect(await deps.db.user.count()).toBe(0)
})
