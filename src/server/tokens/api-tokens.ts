import 'server-only'
import type { TokenState, TokenView } from '~/domain/api-token'
import type { AuditEvent } from '~/domain/audit/event'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'
import { denyApprovedDevicesOf } from '~/server/tokens/device-requests'

const memberSelect = {
  role: true,
  environments: true,
  allEnvironments: true,
  suspendedAt: true,
} as const

/** All columns except the digest. */
const tokenSelect = {
  id: true,
  kind: true,
  machine: true,
  provedAt: true,
  label: true,
  shown: true,
  userId: true,
  user: { select: { email: true, member: { select: memberSelect } } },
  permissions: true,
  environments: true,
  allSurfaces: true,
  surfaces: true,
  createdAt: true,
  expiresAt: true,
  lastUsedAt: true,
  revokedAt: true,
  revokedBy: true,
} satisfies Prisma.ApiTokenSelect

export type TokenRow = Prisma.ApiTokenGetPayload<{ select: typeof tokenSelect }>

export interface NewToken {
  readonly id: string
  /** Left out for a script's token. */
  readonly kind?: 'person'
  readonly machine?: string
  readonly provedAt?: Date
  readonly label: string
  readonly digest: string
  readonly shown: string
  readonly userId: string
  readonly permissions: string[]
  readonly environments: string[]
  readonly allSurfaces: boolean
  readonly surfaces: string[]
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** Throws Prisma's P2002 if the owner has another token with this label that is not revoked. */
export function insertToken(tx: DatabaseHandle, token: NewToken): Promise<TokenRow> {
  return tx.apiToken.create({ data: token, select: tokenSelect })
}

/** The index does not compare in constant time. That reveals only a prefix of a digest, which does not help to find a token. */
export function findTokenByDigest(db: DatabaseHandle, digest: string): Promise<TokenRow | null> {
  return db.apiToken.findUnique({ where: { digest }, select: tokenSelect })
}

/** A token of `userId` or, with null, of anybody. */
export function findToken(db: DatabaseHandle, id: string, userId: string | null): Promise<TokenRow | null> {
  return db.apiToken.findUnique({ where: { id, ...(userId === null ? {} : { userId }) }, select: tokenSelect })
}

/** A page of tokens before the id `before`, newest first. */
export function readTokens(
  db: DatabaseHandle,
  page: { readonly userId: string | null; readonly before: string | null; readonly limit: number },
): Promise<TokenRow[]> {
  return db.apiToken.findMany({
    where: {
      ...(page.userId === null ? {} : { userId: page.userId }),
      ...(page.before === null ? {} : { id: { lt: page.before } }),
    },
    orderBy: { id: 'desc' },
    take: page.limit,
    select: tokenSelect,
  })
}

/** Returns false, and writes nothing, if the token was already revoked. */
export async function markRevoked(
  tx: DatabaseHandle,
  id: string,
  revoked: { readonly by: string; readonly at: Date },
): Promise<boolean> {
  const { count } = await tx.apiToken.updateMany({
    where: { id, revokedAt: null },
    data: { revokedBy: revoked.by, revokedAt: revoked.at },
  })
  return count > 0
}

/** Revokes all valid tokens of a person, and returns them. */
export async function revokeTokensOf(
  tx: DatabaseHandle,
  userId: string,
  revoked: { readonly by: string; readonly at: Date },
): Promise<TokenRow[]> {
  const working = { userId, revokedAt: null, expiresAt: { gt: revoked.at } }
  const rows = await tx.apiToken.findMany({ where: working, orderBy: { id: 'asc' }, select: tokenSelect })
  await denyApprovedDevicesOf(tx, userId)
  const marked: TokenRow[] = []
  for (const row of rows) if (await markRevoked(tx, row.id, revoked)) marked.push(row)
  return marked
}

/** Revokes the valid token of this name and kind, and returns it. Null if there is none. */
export async function revokeTokenNamed(
  tx: DatabaseHandle,
  named: { readonly userId: string; readonly label: string; readonly kind: 'person' },
  at: Date,
): Promise<TokenRow | null> {
  const row = await tx.apiToken.findFirst({ where: { ...named, revokedAt: null }, select: tokenSelect })
  if (row === null) return null
  return (await markRevoked(tx, row.id, { by: row.user.email, at })) ? row : null
}

/** Records a proof for a person's command line. Returns false if the token is revoked, or is another person's. */
export async function markTokenProved(
  tx: DatabaseHandle,
  { id, userId, provedAt }: { readonly id: string; readonly userId: string; readonly provedAt: Date },
): Promise<boolean> {
  const where = { id, userId, kind: 'person', revokedAt: null }
  return (await tx.apiToken.updateMany({ where, data: { provedAt } })).count === 1
}

/** Records a use, unless one was recorded after `unlessSince`, so that a burst of requests writes once. */
export async function noteTokenUse(
  db: DatabaseHandle,
  id: string,
  use: { readonly at: Date; readonly unlessSince: Date },
): Promise<void> {
  await db.apiToken.updateMany({
    where: { id, OR: [{ lastUsedAt: null }, { lastUsedAt: { lt: use.unlessSince } }] },
    data: { lastUsedAt: use.at },
  })
}

export function tokenView(row: TokenRow, now: Date): TokenView {
  return {
    id: row.id,
    label: row.label,
    machine: row.machine,
    shown: row.shown,
    state: stateOf(row, now),
    owner: row.user.email,
    permissions: row.permissions,
    environments: row.environments,
    surfaces: row.allSurfaces ? null : row.surfaces,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    revoked:
      row.revokedAt === null || row.revokedBy === null ? null : { by: row.revokedBy, at: row.revokedAt.toISOString() },
  }
}

function stateOf({ revokedAt, expiresAt, user }: TokenRow, now: Date): TokenState {
  if (revokedAt !== null) return 'revoked'
  if (expiresAt <= now) return 'expired'
  return user.member === null || user.member.suspendedAt !== null ? 'idle' : 'active'
}

export function tokenEvent(action: 'console.token.created' | 'console.token.revoked', row: TokenRow): AuditEvent {
  return {
    action,
    status: null,
    payload: {
      token_id: row.id,
      label: row.label,
      owner: row.user.email,
      ...(row.machine === null ? {} : { machine: row.machine }),
      permissions: row.permissions,
      environments: row.environments,
      surfaces: row.allSurfaces ? null : row.surfaces,
      expires_at: row.expiresAt.toISOString(),
    },
  }
}
