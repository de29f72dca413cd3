import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireWholeReach } from '~/server/auth/rights/authorize'
import type { Deps } from '~/server/deps'
import { createLink } from '~/server/members/invitations'
import { readMember } from '~/server/members/members'
import { linkDigest, newLinkToken } from '~/server/people/link-token'
import { takeBackLinks } from '~/server/people/take-back-links'

const HOURS = 24

/**
 * A link by which a member who forgot the password sets a new one. The console sends no mail: an admin hands it over, and both
 * making and using it are in the trail. Of several for one address the last holds.
 */
export async function makeRecoveryLink(
  { db, now, newId }: Pick<Deps, 'db' | 'now' | 'newId'>,
  actor: Actor,
  userId: string,
): Promise<{ readonly path: string; readonly email: string }> {
  requireWholeReach(actor)
  requireFreshProof({ now }, actor, 'making a link for a new password')
  const token = newLinkToken()
  const at = now()
  return db.$transaction(async (tx) => {
    const member = await readMember(tx, userId)
    if (member === null || member.suspendedAt !== null) {
      throw new AppError('member_unknown', 'There is no such member with access. No link was made.')
    }
    const { email, role, environments } = member
    const subject = { actor: actor.name, at }
    await takeBackLinks(tx, { email }, subject)
    const id = newId()
    const expiresAt = new Date(at.getTime() + HOURS * 3_600_000)
    const digest = linkDigest(token)
    const limits = { email, role, environments }
    await createLink(tx, { id, kind: 'recovery', ...limits, createdBy: actor.name, createdAt: at, expiresAt, digest })
    const payload = {
      invitation_id: id,
      kind: 'recovery',
      role,
      environments,
      expires_at: expiresAt.toISOString(),
    } as const
    await appendAuditEvent(tx, subject, { action: 'console.link.made', status: null, payload })
    return { path: `/invite/${token}`, email }
  })
}
