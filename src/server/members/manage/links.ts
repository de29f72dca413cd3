import 'server-only'
import { randomBytes } from 'node:crypto'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { SANDBOX_OPERATOR } from '~/domain/member'
import type { InviteInput } from '~/domain/member-input'
import { type AuditSubject, appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireWholeReach } from '~/server/auth/authorize'
import type { Deps } from '~/server/deps'
import {
  createLink,
  type LinkRow,
  type LinksOf,
  readLink,
  revokeInvitation,
  revokeLinks,
  revokeSetupLinks,
} from '~/server/members/invitations'
import { hasUsableAdmin, readMember, readUserIdOf } from '~/server/members/members'
import { sha256 } from '~/server/platform/crypto'
import type { DatabaseHandle } from '~/server/platform/database'
import { lockAdmins } from '~/server/platform/locks.sql'
import { requireKnownEnvironments } from '~/server/surfaces/surfaces'

const MINUTE_MS = 60_000
const INVITATION_DAYS = 7
const PASSWORD_LINK_HOURS = 24
/** A setup link is opened at once, at the machine that printed it. */
const SETUP_MINUTES = 30

type LinkDeps = Pick<Deps, 'db' | 'now' | 'newId'>

/** Makes an invitation. Its address is returned once: only a digest is stored. Revokes older links for the same person. */
export async function invite(
  deps: LinkDeps,
  actor: Actor,
  { email, role, environments }: InviteInput,
): Promise<{ readonly path: string; readonly expiresAt: string }> {
  requireWholeReach(actor)
  requireFreshProof(deps, actor, 'inviting somebody')
  await requireKnownEnvironments(deps.db, environments ?? [], 'Nobody was invited.')
  const token = newLinkToken()
  const createdAt = deps.now()
  const expiresAt = new Date(createdAt.getTime() + INVITATION_DAYS * 24 * 60 * MINUTE_MS)
  await deps.db.$transaction(async (tx) => {
    if (email !== null && (await readUserIdOf(tx, email)) !== null) {
      throw new AppError(
        'address_taken',
        `${email} already has an account. Nobody was invited. Change the role of that member instead.`,
      )
    }
    if (email !== null) await revokeOpenLinks(tx, { email }, { actor: actor.name, at: createdAt })
    const link = { kind: 'invitation', email, role, environments, createdBy: actor.name, createdAt, expiresAt } as const
    await storeLink(tx, { id: deps.newId(), ...link }, token)
  })
  return { path: `/invite/${token}`, expiresAt: expiresAt.toISOString() }
}

/** Makes a link with which a member sets a new password. The console sends no mail, so an admin hands the link over. */
export async function makePasswordLink(
  deps: LinkDeps,
  actor: Actor,
  userId: string,
): Promise<{ readonly path: string; readonly email: string }> {
  requireWholeReach(actor)
  requireFreshProof(deps, actor, 'making a link for a new password')
  const token = newLinkToken()
  const createdAt = deps.now()
  const expiresAt = new Date(createdAt.getTime() + PASSWORD_LINK_HOURS * 60 * MINUTE_MS)
  return deps.db.$transaction(async (tx) => {
    const member = await readMember(tx, userId)
    if (member === null || member.suspendedAt !== null) {
      throw new AppError('member_unknown', 'There is no such member with access. No link was made. Reload the page.')
    }
    const { email, role, environments } = member
    await revokeOpenLinks(tx, { email }, { actor: actor.name, at: createdAt })
    const link = { kind: 'recovery', email, role, environments, createdBy: actor.name, createdAt, expiresAt } as const
    await storeLink(tx, { id: deps.newId(), ...link }, token)
    return { path: `/invite/${token}`, email }
  })
}

interface SetupLink {
  readonly path: string
  readonly minutes: number
  /** True: the link signs in the sandbox's admin. False: it creates the first admin. */
  readonly sandbox: boolean
}

/** Makes a setup link, and revokes older ones. Throws `admin_exists` if there is an admin, except in the sandbox. */
export async function makeSetupLink(deps: LinkDeps, { sandbox }: { readonly sandbox: boolean }): Promise<SetupLink> {
  const token = newLinkToken()
  const createdAt = deps.now()
  const expiresAt = new Date(createdAt.getTime() + SETUP_MINUTES * MINUTE_MS)
  await deps.db.$transaction(async (tx) => {
    await lockAdmins(tx)
    if (!sandbox && (await hasUsableAdmin(tx))) {
      throw new AppError(
        'admin_exists',
        'The console has an admin already. No setup link was made. Ask an admin for an invitation, on the page “People”.',
      )
    }
    await revokeSetupLinks(tx, createdAt)
    const limits = { email: sandbox ? SANDBOX_OPERATOR.email : null, role: 'admin', environments: null } as const
    const link = { kind: 'setup', ...limits, createdBy: 'console', createdAt, expiresAt } as const
    await storeLink(tx, { id: deps.newId(), ...link }, token)
  })
  return { path: `/setup/${token}`, minutes: SETUP_MINUTES, sandbox }
}

async function storeLink(tx: DatabaseHandle, link: LinkRow, token: string): Promise<void> {
  const { id, kind, role, environments, createdBy, createdAt, expiresAt } = link
  await createLink(tx, { ...link, digest: linkDigest(token) })
  const payload = { invitation_id: id, kind, role, environments, expires_at: expiresAt.toISOString() }
  const subject = { actor: createdBy, at: createdAt }
  await appendAuditEvent(tx, subject, { action: 'console.link.made', status: null, payload })
}

/** Revokes an invitation or a password link before it is used. */
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
      throw new AppError(
        'invitation_unknown',
        'This link was already used or revoked, or has expired. Nothing was changed. Reload the page.',
      )
    }
    const { kind, role, environments } = link
    const payload = { invitation_id: id, kind, role, environments }
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.link.revoked', status: null, payload })
  })
}

/** 256 random bits cannot be guessed, so a plain digest is enough to store. */
const newLinkToken = (): string => randomBytes(32).toString('base64url')

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
