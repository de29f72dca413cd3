import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { authOf } from '~/server/auth/library/auth'
import { browser, PASSWORD } from '~test/support/auth-client'
import { createTestConsole, type TestConsole } from '~test/support/console'

// Every path that the library and the console's own plugins serve below /api/auth. A path on neither list has to be refused,
// so a path that a newer version adds fails here until somebody decides about it.

/** Paths that need no session: signing in and out. */
const ANYBODY: readonly string[] = [
  'POST /sign-in/email',
  'POST /sign-in/social',
  'GET /callback/:id',
  'POST /callback/:id',
  'POST /sign-out',
  'GET /get-session',
  'POST /get-session',
  'POST /links/accept',
  'GET /passkey/generate-authenticate-options',
  'POST /passkey/verify-authentication',
  'POST /two-factor/verify-totp',
  'POST /two-factor/verify-backup-code',
]

const passwords = { currentPassword: PASSWORD, newPassword: 'another long password', revokeOtherSessions: true }
const anyResponse = { response: { id: 'x', response: {} } }

/** Paths that need a session, each with a valid body, so that only the session is missing. */
const SIGNED_IN: Readonly<Record<string, unknown>> = {
  'POST /change-password': passwords,
  'POST /confirm/password': { password: PASSWORD },
  'POST /confirm/passkey': anyResponse,
  'POST /confirm/sandbox': {},
  'POST /link-social': { provider: 'github', callbackURL: '/account' },
  'GET /passkey/generate-register-options': null,
  'POST /passkey/verify-registration': anyResponse,
  'POST /two-factor/enable': { password: PASSWORD },
  'POST /two-factor/disable': { password: PASSWORD },
  'POST /two-factor/generate-backup-codes': { password: PASSWORD },
}

const endpoint = z.object({
  // The library's own calls of itself have none.
  path: z.string().optional(),
  options: z.object({ method: z.union([z.string(), z.array(z.string())]).optional() }),
})

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

/** `METHOD /path` of each, once. */
function listPaths(): string[] {
  const all = Object.values(authOf(console_.deps).api).flatMap((made) => {
    // A function with properties.
    const { path, options } = endpoint.parse({ ...made })
    return path === undefined ? [] : [options.method ?? 'GET'].flat().map((method) => `${method} ${path}`)
  })
  return [...new Set(all)].toSorted()
}

let visitors = 0
/** As nobody, and from an address of its own each time: no limit is met. */
async function statusOf(name: string, body: unknown): Promise<number> {
  visitors += 1
  const nobody = browser(console_.deps, `198.51.100.${visitors}`)
  const [method, path = ''] = name.split(' ')
  const address = path.replaceAll(/:\w+/g, 'oidc')
  return (method === 'GET' ? await nobody.get(address) : await nobody.post(address, body)).status
}

describe('the paths below /api/auth', () => {
  it('the library serves every listed path, and many that are not listed', () => {
    const listed = [...ANYBODY, ...Object.keys(SIGNED_IN)]
    expect(listPaths()).toEqual(expect.arrayContaining(listed))
    expect(listPaths().length).toBeGreaterThan(listed.length + 10)
  })

  it('the console answers 404 on every library path that is not listed', async () => {
    const others = listPaths().filter((name) => !ANYBODY.includes(name) && SIGNED_IN[name] === undefined)
    const statuses = await Promise.all(others.map(async (name) => `${name} ${await statusOf(name, {})}`))
    expect(statuses.filter((status) => !/ 404$/.test(status))).toEqual([])
  })

  it.each(Object.entries(SIGNED_IN))('%s requires a session', async (name, body) => {
    expect(await statusOf(name, body)).toBe(401)
  })

  it.each(ANYBODY)('%s requires no session', async (name) => {
    expect([401, 403, 404]).not.toContain(await statusOf(name, {}))
  })
})
