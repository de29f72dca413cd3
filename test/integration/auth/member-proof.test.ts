import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeMember, restoreMember, suspendMember } from '~/server/members/manage/change-member'
import { invite } from '~/server/members/manage/links'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

describe('changing rights with a proof of identity older than 15 minutes', () => {
  it('changing, restoring and inviting members require a fresh proof, and suspending a member does not', async () => {
    const { deps } = console_
    const admin = await insertMember(deps, actorNamed('root'))
    const { userId } = await insertMember(deps, actorNamed('bob', { role: 'viewer' }))
    const stale = { ...admin, provedAt: new Date(Date.now() - 16 * 60_000) }
    const change = { userId, role: 'admin', environments: null } as const
    const invitation = { email: 'eve@example.com', role: 'admin', environments: null } as const
    const before = await deps.db.auditEvent.count()
    for (const attempt of [
      changeMember(deps, stale, change),
      restoreMember(deps, stale, userId),
      invite(deps, stale, invitation),
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: 'proof_stale' })
    }
    expect(await deps.db.member.findUniqueOrThrow({ where: { userId } })).toMatchObject({
      role: 'viewer',
      suspendedAt: null,
    })
    expect(await deps.db.auditEvent.count()).toBe(before)
    // A suspension is urgent, so it needs no fresh proof.
    await suspendMember(deps, stale, userId)
    expect((await deps.db.member.findUniqueOrThrow({ where: { userId } })).suspendedAt).not.toBeNull()
    await changeMember(deps, admin, change)
    expect((await deps.db.member.findUniqueOrThrow({ where: { userId } })).role).toBe('admin')
  })
})
