import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/db/client'
import type { Prisma } from '~/server/db/generated/client.ts'
import { jsonTime } from '~/server/db/json-time'
import type { Statements } from '~/server/db/statements'

const memberSelect = {
  role: true,
  environments: true,
  allEnvironments: true,
  suspendedAt: true,
  sandboxOnly: true,
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

const tokenRow = z
  .object({
    id: z.string(),
    label: z.string(),
    shown: z.string(),
    userId: z.string(),
    permissions: z.array(z.string()),
    environments: z.array(z.string()),
    allSurfaces: z.boolean(),
    surfaces: z.array(z.string()),
    createdAt: z.date(),
    expiresAt: z.date(),
    lastUsedAt: z.date().nullable(),
    revokedAt: z.date().nullable(),
    revokedBy: z.string().nullable(),
    email: z.string(),
    member: z
      .object({
        role: z.string(),
        environments: z.array(z.string()),
        allEnvironments: z.boolean(),
        suspendedAt: jsonTime.nullable(),
        sandboxOnly: z.boolean(),
      })
      .nullable(),
  })
  .transform(({ email, member, ...token }): TokenRow => ({ ...token, user: { email, member } }))

const tokenRows = z.array(tokenRow)

/** What one token is found by: its digest; or its id, where `userId` is null one of anybody's, else that person's. */
type TokenKey = { readonly digest: string } | { readonly id: string; readonly userId: string | null }

/** Read with every request of a token, and again by what it starts, so it is one statement (ADR 009). */
async function readToken(sql: Statements, key: TokenKey): Promise<TokenRow | null> {
  const { digest, id, userId } = { digest: null, id: null, userId: null, ...key }
  const rows = await sql.$queryRaw`
    SELECT t."id", t."label", t."shown", t."user_id" AS "userId", t."permissions", t."environments",
      t."all_surfaces" AS "allSurfaces", t."surfaces", t."created_at_utc" AS "createdAt", t."expires_at_utc" AS "expiresAt",
      t."last_used_at_utc" AS "lastUsedAt", t."revoked_at_utc" AS "revokedAt", t."revoked_by" AS "revokedBy", u."email",
      (SELECT json_build_object('role', m."role", 'environments', m."environments", 'allEnvironments', m."all_environments",
          'suspendedAt', m."suspended_at_utc", 'sandboxOnly', m."sandbox_only")
        FROM "members" AS m WHERE m."user_id" = t."user_id") AS "member"
    FROM "api_tokens" AS t JOIN "users" AS u ON u."id" = t."user_id"
    WHERE (t."digest" = ${digest} OR t."id" = ${id}::uuid) AND (${userId}::uuid IS NULL OR t."user_id" = ${userId}::uuid)`
  return tokenRows.parse(rows)[0] ?? null
}

/**
 * By an equality of digests in the index. How long that takes may tell how much of a digest is right, which helps
 * nobody: to aim at a digest one would have to invert SHA-256.
 */
export const findTokenByDigest = (sql: Statements, digest: string): Promise<TokenRow | null> =>
  readToken(sql, { digest })

/** One of `userId`'s, or with null one of anybody's. */
export const findToken = (sql: Statements, id: string, userId: string | null): Promise<TokenRow | null> =>
  readToken(sql, { id, userId })

/** Newest first; the page after `before` (an id). */
export function listTokens(
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
