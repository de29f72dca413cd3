import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { authenticate } from '~/server/auth/sessions/read-session'
import { type Browser, browser, firstAdmin, PASSWORD } from '~test/support/auth-client'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { codeAt } from '~test/support/totp'

let console_: TestConsole
let ada: Browser
let secret: string
let begunAt: number
let codes: readonly string[]
const STEP_MS = 30_000

beforeEach(async () => {
  console_ = await createTestConsole()
  ada = await firstAdmin(console_.deps)
  const begun = await ada.post('/two-factor/enable', { password: PASSWORD, method: 'totp' })
  const { totpURI, backupCodes } = Object(begun.body)
  secret = new URL(totpURI).searchParams.get('secret') ?? ''
  codes = backupCodes
  begunAt = Date.now()
  const first = await ada.post('/two-factor/verify-totp', { code: codeAt(secret, begunAt) })
  expect(first.status).toBe(200)
})
afterEach(() => console_.close())

let addresses = 0
/** A browser after the password, before the second factor. */
async function afterPassword(): Promise<Browser> {
  addresses += 1
  const held = browser(console_.deps, `203.0.113.${100 + addresses}`)
  const answer = await held.post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
  expect(answer).toMatchObject({ status: 200, body: { twoFactorRedirect: true } })
  return held
}
const isSignedIn = async (held: Browser) => (await authenticate(console_.deps, held.headers(), 'person')) !== null
const sendCode = (held: Browser, code: string) => held.post('/two-factor/verify-totp', { code })

describe('signing in with a second factor', () => {
  it('a password alone does not sign in once the second factor is on', async () => {
    const held = await afterPassword()
    expect(await isSignedIn(held)).toBe(false)
    expect((await sendCode(held, codeAt(secret, Date.now() + STEP_MS))).status).toBe(200)
    expect(await isSignedIn(held)).toBe(true)
    const opened = await console_.deps.db.auditEvent.findMany({ where: { action: 'console.session.opened' } })
    expect(opened.at(-1)).toMatchObject({ actor: 'ada@example.com', payload: { method: 'second factor' } })
    expect(opened).toHaveLength(2)
  })

  it('a code is accepted once, even when sent twice at once, and each reuse is audited', async () => {
    const [one, other] = [await afterPassword(), await afterPassword()]
    const code = codeAt(secret, Date.now() + STEP_MS)
    const answers = await Promise.all([sendCode(one, code), sendCode(other, code)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401])
    expect(await console_.deps.db.session.count()).toBe(2)
    const third = await afterPassword()
    expect(await sendCode(third, ` ${code} `)).toMatchObject({ status: 401 })
    const refused = await console_.deps.db.auditEvent.findMany({ where: { action: 'console.session.refused' } })
    expect(refused).toMatchObject(
      Array.from({ length: 2 }, () => ({ actor: 'ada@example.com', payload: { method: 'second factor' } })),
    )
  })

  it('five incorrect codes end a sign-in, and ten lock the second factor even for a correct code', async () => {
    for (const first of [0, 5]) {
      const ended = await afterPassword()
      for (let wrong = first; wrong < first + 5; wrong += 1) {
        expect((await sendCode(ended, `x0000${wrong}`)).status).toBe(401)
      }
      // Both codes are correct and unused, so only the count of incorrect codes can refuse them.
      const right = codeAt(secret, begunAt + (first === 0 ? -1 : 1) * STEP_MS)
      expect((await sendCode(ended, right)).status).toBe(first === 0 ? 400 : 429)
    }
    const held = await afterPassword()
    expect(await sendCode(held, codeAt(secret, begunAt + 2 * STEP_MS))).toMatchObject({ status: 429 })
    expect(await isSignedIn(held)).toBe(false)
    const refused = await console_.deps.db.auditEvent.findMany({ where: { action: 'console.session.refused' } })
    expect(refused.filter(({ payload }) => Object(payload).method === 'second factor').length).toBeGreaterThanOrEqual(
      10,
    )
    expect(await isSignedIn(ada)).toBe(true)
  })

  it('a backup code signs in once', async () => {
    const [code = ''] = codes
    const held = await afterPassword()
    expect((await held.post('/two-factor/verify-backup-code', { code })).status).toBe(200)
    expect(await isSignedIn(held)).toBe(true)
    const again = await afterPassword()
    expect((await again.post('/two-factor/verify-backup-code', { code })).status).toBe(401)
    expect(await isSignedIn(again)).toBe(false)
  })

  it('a sign-in cannot ask the console to trust the device', async () => {
    const held = await afterPassword()
    const body = { code: codeAt(secret, Date.now() + STEP_MS), trustDevice: true }
    expect((await held.post('/two-factor/verify-totp', body)).status).toBe(400)
    expect(held.cookies()).not.toContain('trust_device')
  })

  it('the second factor is switched off only with the password, and the change is audited', async () => {
    expect((await ada.post('/two-factor/disable', { password: 'not the password' })).status).toBe(400)
    expect((await afterPassword()).cookies()).toContain('two_factor')
    expect((await ada.post('/two-factor/disable', { password: PASSWORD })).status).toBe(200)
    expect(await isSignedIn(ada)).toBe(true)
    const rows = await console_.deps.db.auditEvent.findMany({
      where: { action: { in: ['console.account.changed', 'console.session.closed'] } },
      orderBy: { id: 'asc' },
    })
    expect(rows.map(({ payload }) => payload)).toEqual([
      { change: 'second factor on' },
      { change: 'second factor off' },
    ])
  })

  it('the secret and the backup codes of a second factor are not stored in plain text', async () => {
    const kept = JSON.stringify(await console_.deps.db.twoFactor.findMany())
    expect([secret, ...codes].filter((value) => kept.includes(value))).toEqual([])
  })
})

describe('a signed-in member', () => {
  it('a member with an old proof of identity cannot add a passkey', async () => {
    await console_.deps.db.session.updateMany({ data: { provedAt: new Date(Date.now() - 3_600_000) } })
    const answer = await ada.post('/passkey/verify-registration', { response: {} })
    expect(answer).toMatchObject({ status: 403, body: { code: 'proof_stale' } })
  })

  it.each([
    '/sign-up/email',
    '/update-user',
    '/list-sessions',
    '/two-factor/send-otp',
    '/get-access-token',
    '/unlink-account',
  ])('a signed-in member does not reach %s of the library', async (path) => {
    expect((await ada.post(path, {})).status).toBe(404)
  })
})
