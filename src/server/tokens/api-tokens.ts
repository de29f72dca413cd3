import 'server-only'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

const memberSelect = {
  role: true,
  environments: true,
  allEnvironments: true,
  suspendedAt: true,
} as const

/** Everything but the digest. */
const tokenSelect = {
  id: true,
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

/** Throws Prisma's P2002 when the owner has one of this label that is not revoked. */
export function insertToken(tx: DatabaseHandle, token: NewToken): Promise<TokenRow> {
  return tx.apiToken.create({ data: token, select: tokenSelect })
}

/**
 * By an equality of digests in the index. How long that takes may tell how much of a digest is right, which helps
 * nobody: to aim at a digest one would have to invert SHA-256.
 */
export function findTokenByDigest(db: DatabaseHandle, digest: string): Promise<TokenRow | null> {
  return db.apiToken.findUnique({ where: { digest }, select: tokenSelect })
}

/** One of `userId`'s, or with null one of anybody's. */
export function findToken(db: DatabaseHandle, id: string, userId: string | null): Promise<TokenRow | null> {
  return db.apiToken.findUnique({ where: { id, ...(userId === null ? {} : { userId }) }, select: tokenSelect })
}

/** Newest first; the page after `before` (an id). */
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

/** False when it was revoked before; then nothing was written. */
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

/** Every token of one person that still works; gives them. */
export async function revokeTokensOf(
  tx: DatabaseHandle,
  userId: string,
  revoked: { readonly by: string; readonly at: Date },
): Promise<TokenRow[]> {
  const working = { userId, revokedAt: null, expiresAt: { gt: revoked.at } }
  const rows = await tx.apiToken.findMany({ where: working, orderBy: { id: 'asc' }, select: tokenSelect })
  const marked: TokenRow[] = []
  for (const row of rows) if (await markRevoked(tx, row.id, revoked)) marked.push(row)
  return marked
}

/** Unless somebody noted a use since `unlessSince`: of a burst of requests one writes. */
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
