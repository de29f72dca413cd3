import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { authenticate } from '~/server/auth/sessions/read-session'
import type { Deps } from '~/server/deps'
import { type ConsoleKind, claimDatabase, claimDatabaseAtStart } from '~/server/members/manage/claim-database'
import { invite, lookUpLink } from '~/server/members/manage/links'
import { listMemberPage } from '~/server/members/manage/list-members'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { signedInAs } from '~test/support/sessions'
import { insertMember } from '~test/support/token-owners'

let console_: TestConsole
let deps: Deps
beforeEach(async () => {
  console_ = await createTestConsole()
  deps = console_.deps
  await deps.db.member.deleteMany()
})
afterEach(() => console_.close())

const owner = async () => (await deps.db.claimedDatabase.findMany()).map((row) => row.console)

describe('claiming a database', () => {
  const KINDS: readonly [ConsoleKind, ConsoleKind][] = [
    ['sandbox', 'github'],
    ['github', 'sandbox'],
  ]
  it.each(KINDS)(
    'a database claimed by a %s console refuses a %s console, and says how to continue',
    async (first, second) => {
      await claimDatabase(deps, first)
      await claimDatabase(deps, first)
      await expect(claimDatabase(deps, second)).rejects.toThrow(
        /^This database belongs to .* Nothing was started, and no data was changed\. .*DATABASE_URL/,
      )
      expect(await owner()).toEqual([first])
    },
  )

  it('of two kinds of console that start at once, exactly one claims the database', async () => {
    const starts = await Promise.allSettled(KINDS.map(([kind]) => claimDatabase(deps, kind)))
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await owner()).toHaveLength(1)
  })
})

describe('the claim at the start of a server or worker', () => {
  const never = () => expect.unreachable('the start was refused')

  it('a start on the database of the other kind is refused, and the claim stays', async () => {
    await claimDatabase(deps, 'sandbox')
    let refusals = 0
    await claimDatabaseAtStart(deps, () => {
      refusals += 1
    })
    expect(refusals).toBe(1)
    expect(await owner()).toEqual(['sandbox'])
  })

  it('a start without a database continues, and claims the database once it answers', async () => {
    let isAway = true
    const db = new Proxy(deps.db, {
      get: (target, name) => {
        if (name === '$transaction' && isAway) return () => Promise.reject(new Error('connection refused'))
        return Reflect.get(target, name)
      },
    })
    let retry = () => {}
    const pause = () =>
      new Promise<void>((resolve) => {
        retry = resolve
      })
    await claimDatabaseAtStart({ ...deps, db, pause }, never)
    expect(await owner()).toEqual([])
    isAway = false
    retry()
    await vi.waitUntil(async () => (await owner()).length === 1)
    expect(await owner()).toEqual(['github'])
  })
})

describe('a database from before there were claims', () => {
  it('a sandbox cannot claim a database in which a member was not admitted by a sandbox', async () => {
    await insertMember(deps, 'ada@example.com')
    await expect(claimDatabase(deps, 'sandbox')).rejects.toThrow('belongs to a console with a real GitHub')
    await claimDatabase(deps, 'github')
    expect(await owner()).toEqual(['github'])
  })

  it('a sandbox can claim a database in which sandboxes admitted every member, and suspends nobody', async () => {
    await insertMember(deps, SANDBOX_OPERATOR.email)
    const bob = await insertMember(deps, 'bob@example.com')
    await deps.db.member.update({ where: { userId: bob.userId }, data: { sandboxOnly: true } })
    await claimDatabase(deps, 'sandbox')
    const { members } = await listMemberPage(deps, null)
    expect(members.map(({ suspendedAt }) => suspendedAt)).toEqual([null, null])
  })

  it('a console with a real GitHub suspends the members whom the sandbox admitted, and ends their sessions and links', async () => {
    const ada = await signedInAs(deps, { email: 'ada@example.com' })
    const operator = await signedInAs(deps, { email: SANDBOX_OPERATOR.email })
    const bob = await signedInAs(deps, { email: 'bob@example.com' })
    const { id: bobId } = await deps.db.user.findUniqueOrThrow({ where: { email: 'bob@example.com' } })
    await deps.db.member.update({ where: { userId: bobId }, data: { sandboxOnly: true } })
    const maker = { ...actorNamed('bob@example.com'), userId: bobId, provedAt: deps.now() }
    const link = await invite(deps, maker, { email: null, role: 'admin', environments: null })

    await claimDatabase(deps, 'github')
    const signedIn = async (cookie: string) => (await authenticate(deps, new Headers({ cookie }), 'person'))?.name
    expect(await signedIn(ada)).toBe('ada@example.com')
    expect(await signedIn(operator)).toBeUndefined()
    expect(await signedIn(bob)).toBeUndefined()
    expect(await lookUpLink(deps, link.path.slice('/invite/'.length))).toBeNull()
    const { members } = await listMemberPage(deps, null)
    expect(members.map(({ email, suspendedAt }) => [email, suspendedAt !== null]).toSorted()).toEqual([
      ['ada@example.com', false],
      ['bob@example.com', true],
    ])
    const suspended = { action: 'console.member.suspended', actor: 'console' }
    expect(await deps.db.auditEvent.count({ where: suspended })).toBe(2)
  })
})
