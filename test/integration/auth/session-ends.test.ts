import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Role } from '~/domain/permissions'
import { type AskedBy, authenticate } from '~/server/auth/sessions/read-session'
import { createDeps, type Deps } from '~/server/deps'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { signedInAs } from '~test/support/sessions'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  Object.assign(globalThis, { deployConsoleDeps: console_.deps })
})
afterAll(() => console_.close())

let people = 0

/** A session of a new person, idle for `idle` ms and with `left` ms until its greatest age. */
async function session(role: Role, { idle = 0, left = 7 * 24 * HOUR }: { idle?: number; left?: number }) {
  const { deps } = console_
  people += 1
  const email = `person-${people}@example.com`
  const headers = new Headers({ cookie: await signedInAs(deps, { email, role }) })
  const { id } = await deps.db.session.findFirstOrThrow({ where: { user: { email } } })
  const [activeAt, expiresAt] = [new Date(Date.now() - idle), new Date(Date.now() + left)]
  await deps.db.session.update({ where: { id }, data: { activeAt, expiresAt } })
  const where = { actor: email, action: 'console.session.closed' }
  return {
    headers,
    use: async (by: AskedBy = 'person') => (await authenticate(deps, headers, by))?.name ?? null,
    callNoteActivity: async (more: Readonly<Record<string, string>> = {}) => {
      const { POST } = await import('~/app/api/trpc/[trpc]/route')
      const bare = { host: 'localhost:3000', 'content-type': 'application/json', ...more }
      const sent = new Headers([...headers, ...Object.entries(bare)])
      const address = 'http://localhost:3000/api/trpc/account.noteActivity'
      return await POST(new Request(address, { method: 'POST', headers: sent, body: '{}' }))
    },
    row: () => deps.db.session.findUnique({ where: { id }, select: { activeAt: true } }),
    trail: async () => (await deps.db.auditEvent.findMany({ where })).map(({ payload }) => payload),
    email,
    activeAt,
  }
}

describe('an idle session', () => {
  it.each<[Role, number, 'ended' | 'open']>([
    ['admin', 29 * MINUTE, 'open'],
    ['admin', 31 * MINUTE, 'ended'],
    ['approver', 31 * MINUTE, 'open'],
    ['deployer', 11 * HOUR, 'open'],
    ['deployer', 13 * HOUR, 'ended'],
    ['viewer', 13 * HOUR, 'ended'],
  ])('a session of a person with the role %s that is idle for %i ms is %s', async (role, idle, state) => {
    const { use, row, trail, email } = await session(role, { idle })
    expect(await use()).toBe(state === 'open' ? email : null)
    expect(await row()).toEqual(state === 'open' ? expect.anything() : null)
    expect(await trail()).toEqual(state === 'open' ? [] : [{ reason: 'idle' }])
  })

  it('an idle session ends once and is audited once, however many requests find it idle', async () => {
    const { use, trail } = await session('admin', { idle: HOUR })
    expect(await Promise.all(Array.from({ length: 8 }, () => use()))).toEqual(Array.from({ length: 8 }, () => null))
    expect(await trail()).toEqual([{ reason: 'idle' }])
  })
})

describe('activity that keeps a session open', () => {
  it("a person's own request keeps a session active, recorded at most once a minute", async () => {
    const { use, row, activeAt } = await session('admin', { idle: 2 * MINUTE })
    await use()
    const noted = await row()
    expect(noted?.activeAt.getTime()).toBeGreaterThan(activeAt.getTime())
    await use()
    expect(await row()).toEqual(noted)
  })

  it('a report of activity keeps a session active', async () => {
    const { callNoteActivity, row, activeAt } = await session('admin', { idle: 2 * MINUTE })
    expect((await callNoteActivity()).status).toBe(200)
    expect((await row())?.activeAt.getTime()).toBeGreaterThan(activeAt.getTime())
  })

  it('a poll of an open page does not keep a session active', async () => {
    const { use, row, activeAt, email } = await session('admin', { idle: 2 * MINUTE })
    expect(await use('window')).toBe(email)
    expect(await row()).toEqual({ activeAt })
  })
})

describe('a call that names the person of its page', () => {
  it("a call that names another person than the session's is refused as signed out", async () => {
    const { callNoteActivity, email } = await session('admin', {})
    const from = async (person: string) =>
      (await callNoteActivity({ 'x-console-person': encodeURIComponent(person) })).status
    expect(await from(email)).toBe(200)
    expect(await from('other@example.com')).toBe(401)
  })
})

describe('a session past its greatest age', () => {
  it('a session past its greatest age ends however active it was, and is audited as expired', async () => {
    const { use, row, trail } = await session('deployer', { left: -1 })
    expect(await use()).toBeNull()
    expect(await row()).toBeNull()
    expect(await trail()).toEqual([{ reason: 'expired' }])
  })
})

describe('a session on a database that accepts no changes', () => {
  const nameIn = async (deps: Deps, headers: Headers) => (await authenticate(deps, headers, 'person'))?.name ?? null

  it('on a read-only database, a session can be read though its activity is not noted', async () => {
    const { headers, email, row, activeAt } = await session('admin', { idle: 2 * MINUTE })
    expect(await nameIn(await readOnlyDeps(), headers)).toBe(email)
    expect(await row()).toEqual({ activeAt })
  })

  it.each([
    ['idle', { idle: HOUR }],
    ['expired', { left: -1 }],
  ])('on a read-only database, an %s session is not valid though it is not ended', async (_reason, times) => {
    const { headers, row, trail } = await session('admin', times)
    expect(await nameIn(await readOnlyDeps(), headers)).toBeNull()
    expect(await row()).not.toBeNull()
    expect(await trail()).toEqual([])
  })

  it('on a full disk, an active session can be read, and an idle one is not valid', async () => {
    const [active, idle] = [await session('admin', { idle: 2 * MINUTE }), await session('admin', { idle: HOUR })]
    await failChanges('53100')
    expect([await active.use(), await idle.use()]).toEqual([active.email, null])
  })

  it('any other error of the change fails the request', async () => {
    const [active, idle] = [await session('admin', { idle: 2 * MINUTE }), await session('admin', { idle: HOUR })]
    await failChanges('P0001')
    for (const { use } of [active, idle]) await expect(use()).rejects.toThrow('not changed')
  })
})

/** Lets each change of a session fail with this code of PostgreSQL. */
async function failChanges(code: string) {
  const { db } = console_.deps
  await db.$executeRawUnsafe(`CREATE FUNCTION no_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not changed' USING ERRCODE = '${code}'; END $$`)
  onTestFinished(async () => void (await db.$executeRaw`DROP FUNCTION no_change CASCADE`))
  await db.$executeRaw`CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON sessions
    FOR EACH STATEMENT EXECUTE FUNCTION no_change()`
}

/** As a process that starts on a database that has become read-only, as after a failover. */
async function readOnlyDeps(): Promise<Deps> {
  const { db, config } = console_.deps
  const [{ name }] = await db.$queryRaw<[{ name: string }]>`SELECT current_database() AS name`
  await db.$executeRawUnsafe(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`)
  onTestFinished(async () => void (await db.$executeRawUnsafe(`ALTER DATABASE "${name}" RESET ALL`)))
  const started = createDeps(config)
  onTestFinished(() => started.db.$disconnect())
  return started
}
