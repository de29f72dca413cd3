import 'server-only'
import { randomBytes } from 'node:crypto'
import { type AuditSubject, appendAuditEvent } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'
import { type LinkRow, type LinksOf, readLink, revokeLinks } from '~/server/members/invitations'
import { readMember, readUserIdOf } from '~/server/members/members'
import { sha256 } from '~/server/platform/crypto'
import type { DatabaseHandle } from '~/server/platform/database'

/** 256 random bits cannot be guessed, so a plain digest is enough to store. */
export const newLinkToken = (): string => randomBytes(32).toString('base64url')

export const linkDigest = (token: string): string => sha256(token)

/** The link with this digest, if it is usable and its maker is still an admin. */
export async function usableLink(db: DatabaseHandle, digest: string, now: Date): Promise<LinkRow | null> {
  const link = await readLink(db, digest, now)
  return link !== null && (await isMakerStillAdmin(db, link)) ? link : null
}

/** Whether the link's maker is still an admin. A demoted admin must not come back by an older link. */
export async function isMakerStillAdmin(
  db: DatabaseHandle,
  { createdBy }: Pick<LinkRow, 'createdBy'>,
): Promise<boolean> {
  if (createdBy === 'console') return true
  const userId = await readUserIdOf(db, createdBy)
  const maker = userId === null ? null : await readMember(db, userId)
  return maker !== null && maker.suspendedAt === null && maker.role === 'admin' && maker.environments === null
}

/** Reads a usable link without using it up, because mail programs and chats open links for a preview. */
export const lookUpLink = (deps: Pick<Deps, 'db' | 'now'>, token: string): Promise<LinkRow | null> =>
  usableLink(deps.db, linkDigest(token), deps.now())

/** Revokes and audits the usable links of one maker, or for one address. */
export async function revokeOpenLinks(tx: DatabaseHandle, of: LinksOf, subject: AuditSubject): Promise<void> {
  for (const { id, kind, role, environments } of await revokeLinks(tx, of, subject.at)) {
    const payload = { invitation_id: id, kind, role, environments }
    await appendAuditEvent(tx, subject, { action: 'console.link.revoked', status: null, payload })
  }
}
