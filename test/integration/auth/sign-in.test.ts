import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { authenticate } from '~/server/auth/sessions/read-session'
import type { Deps } from '~/server/deps'
import { browser, firstAdmin, PASSWORD } from '~test/support/auth-client'
import { createTestConsole, type TestConsole } from '~test/support/console'

let console_: TestConsole

beforeEach(async () => {
  console_ = await createTestConsole()
})
afterEach(() => console_.close())

const at = (deps: Deps, minutes: number): Deps => ({ ...deps, now: () => new Date(Date.now() + minutes * 60_000) })
const trail = async () =>
  (await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })).map(({ actor, action }) => [actor, action])

describe('signing in', () => {
  it('a setup link creates the first admin and signs the admin in', async () => {
    const ada = await firstAdmin(console_.deps)
    expect(await authenticate(console_.deps, ada.headers(), 'person')).toMatchObject({
      name: 'ada@example.com',
      role: 'admin',
      environments: null,
      via: 'session',
    })
    expect(await trail()).toEqual([
      ['console', 'console.link.made'],
      ['ada@example.com', 'console.link.used'],
      ['ada@example.com', 'console.session.opened'],
    ])
  })

  it('a correct password signs in, and an incorrect one is refused like an unknown address', async () => {
    await firstAdmin(console_.deps)
    const wrong = await browser(console_.deps).post('/sign-in/email', {
      email: 'ada@example.com',
      password: 'x'.repeat(12),
    })
    const unknown = await browser(console_.deps).post('/sign-in/email', {
      email: 'bob@example.com',
      password: PASSWORD,
    })
    expect([wrong.status, wrong.body]).toEqual([unknown.status, unknown.body])
    expect(wrong.status).toBe(401)
    const ada = browser(console_.deps)
    expect((await ada.post('/sign-in/email', { email: 'Ada@example.com', password: PASSWORD })).status).toBe(200)
    expect(await authenticate(console_.deps, ada.headers(), 'person')).toMatchObject({ name: 'ada@example.com' })
    expect((await trail()).slice(3)).toEqual([
      ['ada@example.com', 'console.session.refused'],
      ['somebody', 'console.session.refused'],
      ['ada@example.com', 'console.session.opened'],
    ])
    expect(JSON.stringify(await console_.deps.db.auditEvent.findMany({ select: { payload: true } }))).not.toContain(
      'bob',
    )
  })

  it('a suspended member with the correct password is refused, and the attempt is audited', async () => {
    await firstAdmin(console_.deps)
    await console_.deps.db.member.updateMany({ data: { suspendedAt: new Date() } })
    const answer = await browser(console_.deps).post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
    expect(answer).toMatchObject({ status: 403, body: { code: 'not_a_member' } })
    expect(await trail()).toHaveLength(4)
    expect((await trail()).at(-1)).toEqual(['ada@example.com', 'console.session.refused'])
  })

  it('signing out ends the session at once, also for polls', async () => {
    const ada = await firstAdmin(console_.deps)
    const sent = ada.headers()
    expect(await authenticate(console_.deps, sent, 'window')).not.toBeNull()
    expect((await ada.post('/sign-out', {})).status).toBe(200)
    expect(await authenticate(console_.deps, sent, 'window')).toBeNull()
    expect(await authenticate(console_.deps, sent, 'person')).toBeNull()
    expect((await trail()).at(-1)).toEqual(['ada@example.com', 'console.session.closed'])
  })

  it("an admin's session ends after half an hour without activity, despite polls", async () => {
    const ada = await firstAdmin(console_.deps)
    await authenticate(at(console_.deps, 20), ada.headers(), 'window')
    expect(await authenticate(at(console_.deps, 29), ada.headers(), 'window')).not.toBeNull()
    expect(await authenticate(at(console_.deps, 31), ada.headers(), 'window')).toBeNull()
    expect(await console_.deps.db.session.count()).toBe(0)
  })
})

it('a sign-in without a database is answered 503 with the reason', async () => {
  const away = await createTestConsole({ env: { DATABASE_URL: 'postgresql://nobody:x@127.0.0.1:9/none' } })
  const answer = await browser(away.deps).post('/sign-in/email', { email: 'ada@example.com', password: PASSWORD })
  expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
  await away.close()
})
