import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { waitFor } from '~/launch/machine/wait-for'
import { authenticate } from '~/server/auth/sessions/read-session'
import { changeMember, restoreMember, suspendMember } from '~/server/members/manage/change-member'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { browser, firstAdmin, PASSWORD } from '~test/support/auth-client'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'

let console_: TestConsole
beforeEach(async () => {
  console_ = await createTestConsole()
  await insertSurface(console_.deps, { environment: 'staging' })
})
afterEach(() => console_.close())

const actorOf = async (cookies: Headers): Promise<Actor> => {
  const actor = await authenticate(console_.deps, cookies, 'person')
  if (actor === null) throw new Error('nobody is signed in')
  return actor
}
const asAdmin = async () => {
  const ada = await firstAdmin(console_.deps)
  const actor = await actorOf(ada.headers())
  return { ada, actor, caller: createCaller(createContextInner(console_.deps, actor)) }
}
type Caller = Awaited<ReturnType<typeof asAdmin>>['caller']

/** A person who joined with an invitation from the admin. */
async function join(caller: Caller, email: string, limits: Pick<Actor, 'role'> & { environments: string[] | null }) {
  const { path } = await caller.members.invite({ email, ...limits })
  const visitor = browser(console_.deps)
  const token = path.slice('/invite/'.length)
  const answer = await visitor.post('/links/accept', { token, name: 'Bob', email, password: PASSWORD })
  expect(answer).toMatchObject({ status: 200 })
  return { visitor, token, actor: await actorOf(visitor.headers()) }
}
const actions = async () =>
  (await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })).map((row) => row.action)

describe('an invitation', () => {
  it('an invitation admits one person once with its limits, and its token is not stored', async () => {
    const { caller } = await asAdmin()
    const { actor, token } = await join(caller, 'bob@example.com', { role: 'deployer', environments: ['staging'] })
    expect(actor).toMatchObject({ name: 'bob@example.com', role: 'deployer', environments: ['staging'] })
    const again = { token, name: 'Eve', email: 'eve@example.com', password: PASSWORD }
    expect(await browser(console_.deps).post('/links/accept', again)).toMatchObject({
      status: 410,
      body: { code: 'link_unusable' },
    })
    const kept = JSON.stringify([
      await console_.deps.db.invitation.findMany(),
      await console_.deps.db.auditEvent.findMany({ select: { payload: true } }),
    ])
    expect(kept).not.toContain(token)
  })

  it('an invitation for one address creates the account with that address, whatever the person types', async () => {
    const { caller } = await asAdmin()
    const { path } = await caller.members.invite({ email: 'bob@example.com', role: 'viewer', environments: null })
    const visitor = browser(console_.deps)
    await visitor.post('/links/accept', {
      token: path.slice('/invite/'.length),
      name: 'Eve',
      email: 'eve@example.com',
      password: PASSWORD,
    })
    expect((await actorOf(visitor.headers())).name).toBe('bob@example.com')
  })

  it('a revoked or expired invitation admits nobody, and an existing account cannot be invited', async () => {
    const { caller } = await asAdmin()
    const { path } = await caller.members.invite({ email: 'bob@example.com', role: 'viewer', environments: null })
    const [open] = (await caller.members.invitations()).invitations
    await caller.members.takeBackInvitation({ id: open?.id ?? '' })
    const body = { token: path.slice('/invite/'.length), name: 'Bob', email: 'bob@example.com', password: PASSWORD }
    expect(await browser(console_.deps).post('/links/accept', body)).toMatchObject({ status: 410 })
    await expect(
      caller.members.invite({ email: 'ada@example.com', role: 'viewer', environments: null }),
    ).rejects.toThrow(/already has an account/)
    const late = await caller.members.invite({ email: 'bob@example.com', role: 'viewer', environments: null })
    await console_.deps.db.invitation.updateMany({ data: { expiresAt: new Date(Date.now() - 1000) } })
    const tooLate = { ...body, token: late.path.slice('/invite/'.length) }
    expect(await browser(console_.deps).post('/links/accept', tooLate)).toMatchObject({ status: 410 })
    expect(await console_.deps.db.user.count()).toBe(1)
  })

  it('an invitation used by ten people at once admits exactly one', async () => {
    const { caller } = await asAdmin()
    const { path } = await caller.members.invite({ email: null, role: 'viewer', environments: null })
    const token = path.slice('/invite/'.length)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        browser(console_.deps, `203.0.113.${n + 10}`).post('/links/accept', {
          token,
          name: 'Bob',
          email: `bob${n}@example.com`,
          password: PASSWORD,
        }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await console_.deps.db.user.count()).toBe(2)
  })
})

describe('a password link', () => {
  it('a password link sets the password once, ends every session, signs nobody in, and keeps the role', async () => {
    const { caller } = await asAdmin()
    const bob = await join(caller, 'bob@example.com', { role: 'deployer', environments: ['staging'] })
    const { path } = await caller.members.passwordLink({ userId: bob.actor.userId })
    const finder = browser(console_.deps)
    const use = { token: path.slice('/invite/'.length), password: 'another long password' }
    expect(await finder.post('/links/accept', use)).toMatchObject({ status: 200 })
    expect(finder.cookies()).toBe('')
    expect(await authenticate(console_.deps, bob.visitor.headers(), 'window')).toBeNull()
    expect(await finder.post('/links/accept', use)).toMatchObject({ status: 410 })
    const old = { email: 'bob@example.com', password: PASSWORD }
    expect(await finder.post('/sign-in/email', old)).toMatchObject({ status: 401 })
    expect(await finder.post('/sign-in/email', { ...old, password: use.password })).toMatchObject({ status: 200 })
    expect(await actorOf(finder.headers())).toMatchObject({ role: 'deployer', environments: ['staging'] })
    expect(await actions()).toContain('console.account.password_changed')
  })

  it('a password link of a member who was suspended afterwards is refused', async () => {
    const { caller, actor } = await asAdmin()
    const bob = await join(caller, 'bob@example.com', { role: 'viewer', environments: null })
    const { path } = await caller.members.passwordLink({ userId: bob.actor.userId })
    await suspendMember(console_.deps, actor, bob.actor.userId)
    const use = { token: path.slice('/invite/'.length), password: 'another long password' }
    expect(await browser(console_.deps).post('/links/accept', use)).toMatchObject({ status: 410 })
  })
})

describe("a change of a member's rights", () => {
  it("a member's new role applies to the next request, also to a poll of an open session", async () => {
    const { caller, actor } = await asAdmin()
    const bob = await join(caller, 'bob@example.com', { role: 'admin', environments: null })
    await authenticate(console_.deps, bob.visitor.headers(), 'window')
    await changeMember(console_.deps, actor, {
      userId: bob.actor.userId,
      role: 'viewer',
      environments: ['staging'],
    })
    const polled = await authenticate(console_.deps, bob.visitor.headers(), 'window')
    expect(polled).toMatchObject({ role: 'viewer', environments: ['staging'] })
    expect(await actions()).toContain('console.member.changed')
  })

  it('a suspended member is signed out at once, and can sign in again only once restored', async () => {
    const { caller, actor } = await asAdmin()
    const bob = await join(caller, 'bob@example.com', { role: 'viewer', environments: null })
    await authenticate(console_.deps, bob.visitor.headers(), 'window')
    await suspendMember(console_.deps, actor, bob.actor.userId)
    expect(await authenticate(console_.deps, bob.visitor.headers(), 'window')).toBeNull()
    const credentials = { email: 'bob@example.com', password: PASSWORD }
    expect(await bob.visitor.post('/sign-in/email', credentials)).toMatchObject({ status: 403 })
    expect(await console_.deps.db.session.count({ where: { userId: bob.actor.userId } })).toBe(0)
    await restoreMember(console_.deps, actor, bob.actor.userId)
    expect(await bob.visitor.post('/sign-in/email', credentials)).toMatchObject({ status: 200 })
  })
})

it('a password link is made only with a fresh proof', async () => {
  const { caller, actor } = await asAdmin()
  const bob = await join(caller, 'bob@example.com', { role: 'viewer', environments: null })
  const stale = { ...actor, provedAt: new Date(Date.now() - 16 * 60_000) }
  const late = createCaller(createContextInner(console_.deps, stale))
  await expect(late.members.passwordLink({ userId: bob.actor.userId })).rejects.toThrow(/Confirm your identity/)
})

describe('a limit to an environment that no surface has', () => {
  const limits = { role: 'deployer', environments: ['staging', 'prodution'] } as const
  const refused = {
    cause: { code: 'invalid_input', message: expect.stringContaining('"prodution". The environments are staging.') },
  }

  it('an invitation with an unknown environment is refused, and the refusal names the known ones', async () => {
    const { caller } = await asAdmin()
    const input = { email: 'eve@example.com', role: limits.role, environments: [...limits.environments] }
    await expect(caller.members.invite(input)).rejects.toMatchObject(refused)
    expect(await console_.deps.db.invitation.count({ where: { kind: 'invitation' } })).toBe(0)
  })

  it('a change to an unknown environment is refused, and an environment that the member already has may stay', async () => {
    const { caller } = await asAdmin()
    const bob = await join(caller, 'bob@example.com', { role: 'viewer', environments: ['staging'] })
    const change = { userId: bob.actor.userId, role: limits.role, environments: [...limits.environments] }
    await expect(caller.members.change(change)).rejects.toMatchObject(refused)
    await console_.deps.db.surface.updateMany({ data: { archivedAt: new Date() } })
    await caller.members.change({ ...change, environments: ['staging'] })
    expect(await actorOf(bob.visitor.headers())).toMatchObject({ role: 'deployer', environments: ['staging'] })
  })
})

describe('an admin limited to some environments', () => {
  const LIMITED = { role: 'admin', environments: ['staging'] } as const

  it('nobody can be invited or made an admin with a limit to some environments', async () => {
    const { caller } = await asAdmin()
    const bob = await join(caller, 'bob@example.com', { role: 'viewer', environments: null })
    const limits = { role: LIMITED.role, environments: ['staging'] }
    await expect(caller.members.invite({ email: 'eve@example.com', ...limits })).rejects.toThrow(/for an admin/)
    await expect(caller.members.change({ userId: bob.actor.userId, ...limits })).rejects.toThrow(/for an admin/)
    expect(await console_.deps.db.invitation.count({ where: { role: 'admin', kind: 'invitation' } })).toBe(0)
    expect((await actorOf(bob.visitor.headers())).role).toBe('viewer')
  })

  it('an admin whom an older version limited can manage nobody, their invitations admit nobody, and they do not count as an admin', async () => {
    const { caller, actor } = await asAdmin()
    const bob = await join(caller, 'bob@example.com', { role: 'viewer', environments: null })
    await caller.members.invite({ email: 'eve@example.com', role: 'viewer', environments: null })
    const [open] = (await caller.members.invitations()).invitations
    const sten = await join(caller, 'sten@example.com', { role: 'admin', environments: null })
    const { path } = await createCaller(createContextInner(console_.deps, sten.actor)).members.invite({
      email: 'sten2@example.com',
      role: 'admin',
      environments: null,
    })
    await console_.deps.db.member.update({
      where: { userId: sten.actor.userId },
      data: { allEnvironments: false, environments: ['staging'] },
    })
    const limited = createCaller(createContextInner(console_.deps, await actorOf(sten.visitor.headers()))).members
    const { userId } = bob.actor
    for (const tried of [
      () => limited.change({ userId: sten.actor.userId, role: 'admin', environments: null }),
      () => limited.invite({ email: 'eve@example.com', role: 'admin', environments: null }),
      () => limited.takeBackInvitation({ id: open?.id ?? '' }),
      () => limited.passwordLink({ userId }),
      () => limited.suspend({ userId }),
      () => limited.restore({ userId }),
    ]) {
      await expect(tried).rejects.toThrow(/is limited to staging/)
    }
    const body = { token: path.slice('/invite/'.length), name: 'Sten', password: PASSWORD }
    expect(await browser(console_.deps).post('/links/accept', body)).toMatchObject({ status: 410 })
    await expect(suspendMember(console_.deps, actor, actor.userId)).rejects.toMatchObject({ code: 'last_admin' })
  })
})

describe('the last admin', () => {
  it('the last admin cannot be demoted or suspended', async () => {
    const { actor } = await asAdmin()
    const demotion = { userId: actor.userId, role: 'viewer', environments: null } as const
    await expect(changeMember(console_.deps, actor, demotion)).rejects.toMatchObject({ code: 'last_admin' })
    await expect(suspendMember(console_.deps, actor, actor.userId)).rejects.toMatchObject({ code: 'last_admin' })
    // Limits of an admin who stays one are no demotion.
    await changeMember(console_.deps, actor, { ...demotion, role: 'admin' })
  })

  it('one admin remains when two admins demote and suspend each other at once', async () => {
    const { caller, actor } = await asAdmin()
    const bob = await join(caller, 'bob@example.com', { role: 'admin', environments: null })
    const { db } = console_.deps
    // Both rows are locked until both changes wait, so each has already looked for another admin unless a lock prevents it.
    const both = await db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM members FOR UPDATE`
      const changes = Promise.allSettled([
        changeMember(console_.deps, actor, { userId: bob.actor.userId, role: 'viewer', environments: null }),
        suspendMember(console_.deps, bob.actor, actor.userId),
      ])
      const waiting = async () => {
        const [row] = await db.$queryRaw<{ count: bigint }[]>`
          SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted
            AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`
        return row?.count === 2n ? true : undefined
      }
      expect(await waitFor(waiting, { withinMs: 8_000 })).toBe(true)
      return { changes }
    })
    const ended = await both.changes
    expect(ended.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await console_.deps.db.member.count({ where: { role: 'admin', suspendedAt: null } })).toBe(1)
  })
})
