import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { InviteInput } from '~/domain/member'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireWholeReach } from '~/server/auth/rights/authorize'
import type { Deps } from '~/server/deps'
import { createLink, revokeInvitation } from '~/server/members/invitations'
import { readUserIdOf } from '~/server/members/members'
import { linkDigest, newLinkToken } from '~/server/people/link-token'
import { takeBackLinks } from '~/server/people/take-back-links'
import { requireKnownEnvironments } from '~/server/surfaces/require-known-environments'

const DAYS = 7

/**
 * A link that lets one person in with these limits, once. It is given here and never again: only its digest is kept. Of several for
 * one address the last holds.
 */
export async function invite(
  deps: Pick<Deps, 'db' | 'now' | 'newId'>,
  actor: Actor,
  input: InviteInput,
): Promise<{ readonly path: string; readonly expiresAt: string }> {
  requireWholeReach(actor)
  // Access for somebody who is not here yet is as grave as more access for somebody who is.
  requireFreshProof(deps, actor, 'inviting somebody')
  const { db, now, newId } = deps
  const { email, role, environments } = input
  await requireKnownEnvironments(db, environments ?? [], 'Nobody was invited.')
  const token = newLinkToken()
  const at = now()
  const expiresAt = new Date(at.getTime() + DAYS * 86_400_000)
  await db.$transaction(async (tx) => {
    if (email !== null && (await readUserIdOf(tx, email)) !== null) {
      throw new AppError(
        'address_taken',
        `${email} has an account already. Nobody was invited; change that member’s role.`,
      )
    }
    if (email !== null) await takeBackLinks(tx, { email }, { actor: actor.name, at })
    const id = newId()
    const link = {
      id,
      kind: 'invitation',
      email,
      role,
      environments,
      createdBy: actor.name,
      createdAt: at,
      expiresAt,
    } as const
    await createLink(tx, { ...link, digest: linkDigest(token) })
    const payload = {
      invitation_id: id,
      kind: 'invitation',
      role,
      environments,
      expires_at: expiresAt.toISOString(),
    } as const
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.link.made', status: null, payload })
  })
  return { path: `/invite/${token}`, expiresAt: expiresAt.toISOString() }
}

/** Takes an invitation, or a link for a new password, back before it was used. */
export async function takeBackInvitation(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  actor: Actor,
  id: string,
): Promise<void> {
  requireWholeReach(actor)
  const at = now()
  await db.$transaction(async (tx) => {
    const link = await revokeInvitation(tx, id, at)
    if (link === null) {
      throw new AppError('invitation_unknown', 'This link was used or is over already. Nothing was changed.')
    }
    const { kind, role, environments } = link
    const payload = { invitation_id: id, kind, role, environments }
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.link.revoked', status: null, payload })
  })
}
