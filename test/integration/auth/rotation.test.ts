import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { renewSecondFactors, renewSecondFactorsAtStart } from '~/server/auth/library/renew-second-factors'
import { readSecondFactor, replaceSecondFactor } from '~/server/auth/second-factors'
import { authenticate } from '~/server/auth/sessions/read-session'
import { createDeps, type Deps } from '~/server/deps'
import { type Browser, browser, firstAdmin, PASSWORD } from '~test/support/auth-client'
import { AUTH_SECRET, createTestConsole, type TestConsole } from '~test/support/console'
import { tcpProxy } from '~test/support/tcp-proxy'
import { codeAt } from '~test/support/totp'

const NEW_SECRET = randomBytes(32).toString('base64')

let console_: TestConsole
const opened: Deps[] = []
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(async () => {
  for (const deps of opened) await deps.db.$disconnect()
  await console_.close()
})

/** The console after a restart with these secrets. */
function restarted(authSecrets: readonly string[]): Deps {
  const deps = createDeps({ ...console_.deps.config, authSecrets })
  opened.push(deps)
  return deps
}

describe('rotating the session secret', () => {
  it('sessions continue while both secrets are configured, and cookies of the old secret end with that secret', async () => {
    const ada = await firstAdmin(console_.deps)
    const both = restarted([NEW_SECRET, AUTH_SECRET])
    expect(await authenticate(both, ada.headers(), 'person')).toMatchObject({ name: 'ada@example.com' })
    const later = browser(both)
    expect(await later.post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })).toMatchObject({
      status: 200,
    })

    const alone = restarted([NEW_SECRET])
    expect(await authenticate(alone, later.headers(), 'person'), 'signed with the new one').not.toBeNull()
    expect(await authenticate(alone, ada.headers(), 'person'), 'signed with the old one').toBeNull()
  })

  it('a cookie signed with an unknown secret, or without a signature, signs nobody in', async () => {
    const another = firstAdmin(restarted([NEW_SECRET]), 'bob@example.com')
    await expect(another).rejects.toMatchObject({ code: 'admin_exists' })
    const stranger = restarted([randomBytes(32).toString('base64'), NEW_SECRET])
    const { token } = await stranger.db.session.findFirstOrThrow()
    for (const value of [token, `${token}.`, `${token}.${'A'.repeat(43)}=`, '%', '.', `${token}%2E`]) {
      const headers = new Headers({ cookie: `console.session_token=${value}` })
      expect(await authenticate(stranger, headers, 'person')).toBeNull()
    }
  })
})

describe('replicas that are restarted one after another', () => {
  it('a replica that still has the old secret first accepts the cookie of a restarted replica', async () => {
    const [before, after] = [restarted([AUTH_SECRET, NEW_SECRET]), restarted([NEW_SECRET, AUTH_SECRET])]
    const held = browser(after)
    await held.post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    expect(await authenticate(before, held.headers(), 'person')).toMatchObject({ name: 'ada@example.com' })
  })
})

describe('a second factor during a rotation', () => {
  let rotating: TestConsole
  let secret: string
  let codes: readonly string[]
  beforeEach(async () => {
    rotating = await createTestConsole()
    const ada = await firstAdmin(rotating.deps)
    const begun = await ada.post('/two-factor/enable', { password: PASSWORD, method: 'totp' })
    const { totpURI, backupCodes } = Object(begun.body)
    secret = new URL(totpURI).searchParams.get('secret') ?? ''
    codes = backupCodes
    const first = await ada.post('/two-factor/verify-totp', { code: codeAt(secret, Date.now()) })
    expect(first.status).toBe(200)
  })
  afterEach(() => rotating.close())

  const withSecrets = (...authSecrets: string[]): Deps => ({
    ...rotating.deps,
    config: { ...rotating.deps.config, authSecrets },
  })
  const afterPassword = async (deps: Deps): Promise<Browser> => {
    const held = browser(deps)
    const answer = await held.post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    expect(answer).toMatchObject({ status: 200, body: { twoFactorRedirect: true } })
    return held
  }
  const nextCode = () => codeAt(secret, Date.now() + 30_000)

  it('a second factor and its backup codes work after a rotation, and a code used during the rotation stays used', async () => {
    const both = withSecrets(NEW_SECRET, AUTH_SECRET)
    const [used = '', kept = ''] = codes
    const during = await afterPassword(both)
    expect(await during.post('/two-factor/verify-backup-code', { code: used })).toMatchObject({ status: 200 })
    expect(await renewSecondFactors(both)).toEqual({ renewed: 1, unreadable: 0 })
    expect(await renewSecondFactors(both), 'nothing is left to do').toEqual({ renewed: 0, unreadable: 0 })

    const alone = withSecrets(NEW_SECRET)
    const byApp = await afterPassword(alone)
    expect(await byApp.post('/two-factor/verify-totp', { code: nextCode() })).toMatchObject({ status: 200 })
    const byBackup = await afterPassword(alone)
    expect(await byBackup.post('/two-factor/verify-backup-code', { code: kept })).toMatchObject({ status: 200 })
    const again = await afterPassword(alone)
    expect(await again.post('/two-factor/verify-backup-code', { code: used })).toMatchObject({ status: 401 })
  })

  it('a second factor completes a sign-in that another replica began with the secrets in the opposite order', async () => {
    const held = await afterPassword(withSecrets(AUTH_SECRET, NEW_SECRET))
    const other = withSecrets(NEW_SECRET, AUTH_SECRET)
    Object.assign(globalThis, { deployConsoleDeps: other })
    expect(await held.post('/two-factor/verify-totp', { code: nextCode() })).toMatchObject({ status: 200 })
    expect(await authenticate(other, held.headers(), 'person')).toMatchObject({ name: 'ada@example.com' })
  })

  it('a second factor whose secret was removed too early is refused with a reason, keeps its codes, and works once the secret is back', async () => {
    const alone = withSecrets(NEW_SECRET)
    const before = await rotating.deps.db.twoFactor.findMany()
    expect(await renewSecondFactors(alone)).toEqual({ renewed: 0, unreadable: 1 })
    expect(await rotating.deps.db.twoFactor.findMany()).toEqual(before)
    const [code = ''] = codes
    const held = await afterPassword(alone)
    expect(await held.post('/two-factor/verify-backup-code', { code })).toMatchObject({
      status: 503,
      body: { code: 'SECOND_FACTOR_UNREADABLE' },
    })
    const back = withSecrets(NEW_SECRET, AUTH_SECRET)
    const later = await afterPassword(back)
    expect(await later.post('/two-factor/verify-backup-code', { code })).toMatchObject({ status: 200 })
  })

  it('re-encrypting a second factor does not undo the use of a code', async () => {
    const { db } = rotating.deps
    const { userId } = await db.twoFactor.findFirstOrThrow({ select: { userId: true } })
    const read = await readSecondFactor(db, userId)
    if (read === null) throw new Error('there is no second factor')
    const [code = ''] = codes
    await (await afterPassword(rotating.deps)).post('/two-factor/verify-backup-code', { code })
    const used = await readSecondFactor(db, userId)
    expect(await replaceSecondFactor(db, read, { secret: read.secret, backupCodes: read.backupCodes })).toBe(false)
    expect(await readSecondFactor(db, userId)).toEqual(used)
  })

  it('a server that started without its database re-encrypts second factors once the database is back', async () => {
    const proxy = await tcpProxy(rotating.deps.config.databaseUrl)
    const config = { ...rotating.deps.config, databaseUrl: proxy.url, authSecrets: [NEW_SECRET, AUTH_SECRET] }
    const deps = createDeps(config)
    await renewSecondFactorsAtStart({ ...deps, pause: () => proxy.mend() })
    expect(await renewSecondFactors(withSecrets(NEW_SECRET))).toEqual({ renewed: 0, unreadable: 0 })
    await deps.db.$disconnect()
    await proxy.cut()
  })
})

describe('the session cookie', () => {
  it('cookies are HttpOnly and SameSite, and Secure behind TLS', async () => {
    const { deps } = console_
    const answer = await browser(deps).post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^console\.session_token=[^;]+;.*Path=\/; HttpOnly; SameSite=Lax$/)
    const tls = { ...deps, config: { ...deps.config, consoleUrl: 'https://console.example.com' } }
    const behind = await browser(tls).post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    expect(behind.headers.getSetCookie()[0]).toMatch(/^__Secure-console\.session_token=.*Secure/)
    expect(behind.headers.getSetCookie()[1]).toMatch(/^__Secure-console\.device=.*HttpOnly; Secure; SameSite=Strict$/)
    const [pair = ''] = (behind.headers.getSetCookie()[0] ?? '').split(';')
    expect(await authenticate(tls, new Headers({ cookie: pair }), 'person')).not.toBeNull()
  })
})
