import 'server-only'
import { z } from 'zod'
import { LINK_KINDS, type LinkKind } from '~/domain/member'
import { ROLES, type Role } from '~/domain/permissions'
import type { DatabaseHandle } from '~/server/platform/database'

export interface LinkRow {
  readonly id: string
  readonly kind: LinkKind
  readonly email: string | null
  readonly role: Role
  /** Null: all environments. */
  readonly environments: readonly string[] | null
  readonly createdBy: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

const SELECT = {
  id: true,
  kind: true,
  email: true,
  role: true,
  environments: true,
  allEnvironments: true,
  createdBy: true,
  createdAt: true,
  expiresAt: true,
} as const

const stored = z
  .object({
    id: z.string(),
    kind: z.enum(LINK_KINDS),
    email: z.string().nullable(),
    role: z.enum(ROLES),
    environments: z.array(z.string()),
    allEnvironments: z.boolean(),
    createdBy: z.string(),
    createdAt: z.date(),
    expiresAt: z.date(),
  })
  .transform(
    ({ allEnvironments, environments, ...row }): LinkRow => ({
      ...row,
      environments: allEnvironments ? null : environments,
    }),
  )

/** The kinds of links that admins make, and may revoke. */
const MADE_BY_ADMINS = ['invitation', 'recovery'] satisfies LinkKind[]

const usable = (now: Date) => ({ usedAt: null, revokedAt: null, expiresAt: { gt: now } })

/** The usable link with this digest. */
export async function readLink(db: DatabaseHandle, digest: string, now: Date): Promise<LinkRow | null> {
  const row = await db.invitation.findFirst({ where: { digest, ...usable(now) }, select: SELECT })
  return row === null ? null : stored.parse(row)
}

/** Marks a link as used. Returns false if it was used or revoked meanwhile. */
export async function takeLink(tx: DatabaseHandle, id: string, userId: string, now: Date): Promise<boolean> {
  const { count } = await tx.invitation.updateMany({
    where: { id, ...usable(now) },
    data: { usedAt: now, usedByUserId: userId },
  })
  return count === 1
}

export async function createLink(tx: DatabaseHandle, link: LinkRow & { readonly digest: string }): Promise<void> {
  const { environments, ...row } = link
  const limits = { environments: [...(environments ?? [])], allEnvironments: environments === null }
  await tx.invitation.create({ data: { ...row, ...limits }, select: { id: true } })
}

export async function revokeSetupLinks(tx: DatabaseHandle, now: Date): Promise<void> {
  await tx.invitation.updateMany({ where: { kind: 'setup', ...usable(now) }, data: { revokedAt: now } })
}

export type LinksOf = { readonly createdBy: string } | { readonly email: string }

/** Revokes the usable links of one maker, or for one address, and returns them. */
export async function revokeLinks(tx: DatabaseHandle, of: LinksOf, now: Date): Promise<LinkRow[]> {
  const rows = await tx.invitation.updateManyAndReturn({
    where: { kind: { in: MADE_BY_ADMINS }, ...of, ...usable(now) },
    data: { revokedAt: now },
    select: SELECT,
  })
  return rows.map((row) => stored.parse(row))
}

/** The usable links of admins, newest first. They expire within days, so there are few. */
export async function listInvitations(db: DatabaseHandle, now: Date, limit: number): Promise<LinkRow[]> {
  const where = { kind: { in: MADE_BY_ADMINS }, ...usable(now) }
  const rows = await db.invitation.findMany({ where, orderBy: { id: 'desc' }, take: limit, select: SELECT })
  return rows.map((row) => stored.parse(row))
}

/** Revokes a link. Returns null if it is no longer usable. */
export async function revokeInvitation(tx: DatabaseHandle, id: string, now: Date): Promise<LinkRow | null> {
  const { count } = await tx.invitation.updateMany({
    where: { id, kind: { in: MADE_BY_ADMINS }, ...usable(now) },
    data: { revokedAt: now },
  })
  return count === 0 ? null : stored.parse(await tx.invitation.findUnique({ where: { id }, select: SELECT }))
}

/** The newest usable invitation for this address. */
export async function findInvitationFor(db: DatabaseHandle, email: string, now: Date): Promise<LinkRow | null> {
  const where = { kind: 'invitation', email, ...usable(now) }
  const row = await db.invitation.findFirst({ where, orderBy: { id: 'desc' }, select: SELECT })
  return row === null ? null : stored.parse(row)
}
