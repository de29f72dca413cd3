import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authenticate } from '~/server/auth/authenticate'
import { createDeps, type Deps } from '~/server/deps'
import { browser, firstAdmin, PASSWORD } from '~test/support/auth-client'
import { AUTH_SECRET, createTestConsole, type TestConsole } from '~test/support/console'

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

describe('the session secret', () => {
  it('is replaced without signing anybody out: first both, the new one in front, then the new one alone', async () => {
    const ada = await firstAdmin(console_.deps)
    const both = restarted([NEW_SECRET, AUTH_SECRET])
    expect(await authenticate(both, ada.headers(), 'now')).toMatchObject({ name: 'ada@example.com' })
    const later = browser(both)
    expect(await later.post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })).toMatchObject({
      status: 200,
    })

    const alone = restarted([NEW_SECRET])
    expect(await authenticate(alone, later.headers(), 'now'), 'signed with the new one').not.toBeNull()
    expect(await authenticate(alone, ada.headers(), 'now'), 'signed with the old one').toBeNull()
  })

  it('that is none of the list signs nobody in, nor does a session without a signature', async () => {
    const another = firstAdmin(restarted([NEW_SECRET]), 'bob@example.com')
    await expect(another).rejects.toMatchObject({ code: 'admin_exists' })
    const stranger = restarted([randomBytes(32).toString('base64'), NEW_SECRET])
    const { token } = await stranger.db.session.findFirstOrThrow()
    for (const value of [token, `${token}.`, `${token}.${'A'.repeat(43)}=`, '%', '.', `${token}%2E`]) {
      const headers = new Headers({ cookie: `console.session_token=${value}` })
      expect(await authenticate(stranger, headers, 'now')).toBeNull()
    }
  })
})

describe('the session cookie', () => {
  it('is out of reach of scripts and of other sites, and behind TLS goes over TLS only', async () => {
    const { deps } = console_
    const answer = await browser(deps).post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^console\.session_token=[^;]+;.*Path=\/; HttpOnly; SameSite=Lax$/)
    const tls = { ...deps, config: { ...deps.config, consoleUrl: 'https://console.example.com' } }
    const behind = await browser(tls).post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    expect(behind.headers.getSetCookie()[0]).toMatch(/^__Secure-console\.session_token=.*Secure/)
    const [pair = ''] = (behind.headers.getSetCookie()[0] ?? '').split(';')
    expect(await authenticate(tls, new Headers({ cookie: pair }), 'now')).not.toBeNull()
  })
})
