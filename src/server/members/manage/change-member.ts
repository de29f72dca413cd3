import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { widens } from '~/domain/member'
import type { ChangeMemberInput } from '~/domain/member-input'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireWholeReach } from '~/server/auth/authorize'
import { endSessionsOf } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'
import { recordAccessGiven } from '~/server/members/access-given.sql'
import { revokeOpenLinks } from '~/server/members/manage/links'
import { hasOtherAdmin, type MemberRow, readMember, setSuspended, updateLimits } from '~/server/members/members'
import type { DatabaseHandle } from '~/server/platform/database'
import { lockAdmins } from '~/server/platform/locks.sql'
import { requireKnownEnvironments } from '~/server/surfaces/surfaces'

type MemberDeps = Pick<Deps, 'db' | 'now' | 'newId'>

/** Changes a member's role and environments, from the next request on. Throws `proof_stale` and `last_admin`. */
export async function changeMember(deps: MemberDeps, actor: Actor, input: ChangeMemberInput): Promise<void> {
  requireWholeReach(actor)
  requireFreshProof(deps, actor, 'changing a member’s access')
  const { userId, role, environments } = input
  await changeUnderLock(deps, userId, async (tx, member) => {
    if (role !== 'admin') await requireOtherAdmin(tx, member)
    const was = { role: member.role, environments: member.environments }
    // A limit that the member already has may name an environment that has left surfaces.yaml.
    const added = (environments ?? []).filter((name) => !was.environments?.includes(name))
    await requireKnownEnvironments(tx, added, 'Nothing was changed.')
    await updateLimits(tx, userId, { role, environments })
    const payload = { member: member.email, was, now: { role, environments } }
    const subject = { actor: actor.name, at: deps.now() }
    if (widens(was, { role, environments }))
      await recordAccessGiven(deps, tx, { userId, by: actor.name, at: subject.at })
    await appendAuditEvent(tx, subject, { action: 'console.member.changed', status: null, payload })
    if (role !== 'admin') await revokeOpenLinks(tx, { createdBy: member.email }, subject)
  })
}

/** Suspends a member: ends the sessions, and revokes the member's links. Requires no fresh proof, so that it is never delayed. */
export async function suspendMember(deps: MemberDeps, actor: Actor, userId: string): Promise<void> {
  requireWholeReach(actor)
  await changeUnderLock(deps, userId, async (tx, member) => {
    if (member.suspendedAt !== null) return
    await requireOtherAdmin(tx, member)
    const at = deps.now()
    await setSuspended(tx, userId, at)
    await endSessionsOf(tx, userId)
    const payload = { member: member.email, role: member.role }
    const subject = { actor: actor.name, at }
    await appendAuditEvent(tx, subject, { action: 'console.member.suspended', status: null, payload })
    await revokeOpenLinks(tx, { createdBy: member.email }, subject)
  })
}

/** Gives a suspended member access again, with the same limits. */
export async function restoreMember(deps: MemberDeps, actor: Actor, userId: string): Promise<void> {
  requireWholeReach(actor)
  requireFreshProof(deps, actor, 'restoring a member’s access')
  await changeUnderLock(deps, userId, async (tx, member) => {
    if (member.suspendedAt === null) return
    await setSuspended(tx, userId, null)
    const payload = { member: member.email, role: member.role }
    const subject = { actor: actor.name, at: deps.now() }
    await recordAccessGiven(deps, tx, { userId, by: actor.name, at: subject.at })
    await appendAuditEvent(tx, subject, { action: 'console.member.restored', status: null, payload })
  })
}

/** Serialises changes of members, because two admins who demote each other at the same time must not both succeed. */
async function changeUnderLock(
  deps: MemberDeps,
  userId: string,
  change: (tx: DatabaseHandle, member: MemberRow) => Promise<void>,
): Promise<void> {
  await deps.db.$transaction(async (tx) => {
    await lockAdmins(tx)
    const member = await readMember(tx, userId)
    if (member === null)
      throw new AppError('member_unknown', 'There is no such member. Nothing was changed. Reload the page.')
    await change(tx, member)
  })
}

async function requireOtherAdmin(tx: DatabaseHandle, member: MemberRow): Promise<void> {
  if (member.role !== 'admin' || member.suspendedAt !== null) return
  if (await hasOtherAdmin(tx, member.userId)) return
  const detail = `${member.email} is the only admin. Nothing was changed. Make somebody else an admin first.`
  throw new AppError('last_admin', detail)
}
