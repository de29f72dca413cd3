import 'server-only'
import { z } from 'zod'
import type { Actor, Rights } from '~/domain/actor'
import { PERSON_TOKEN_PERMISSIONS, TOKEN_PERMISSIONS } from '~/domain/api-token'
import { AppError } from '~/domain/errors'
import { ROLES } from '~/domain/permissions'
import type { Deps } from '~/server/deps'
import { findTokenByDigest, noteTokenUse, type TokenRow } from '~/server/tokens/api-tokens'
import { digestToken, isToken } from '~/server/tokens/token-format'

type TokenDeps = Pick<Deps, 'config' | 'db' | 'now' | 'logger'>

/** A token's use is recorded at most once in this time. */
const NOTED_EVERY_MS = 60_000

const BEARER = /^bearer(?:\s+|$)/i

/** Whether the request has a bearer token (RFC 6750, 2.1). Then its cookie is ignored. */
export const bringsToken = (headers: Headers) => BEARER.test(headers.get('authorization') ?? '')

/**
 * The actor of an `Authorization: Bearer dc_…` header. Null without such a header. Throws `token_refused` with the same text for
 * every reason, so that a guesser learns nothing.
 */
export async function authenticateToken(deps: TokenDeps, headers: Headers): Promise<Actor | null> {
  if (!bringsToken(headers)) return null
  const text = (headers.get('authorization') ?? '').replace(BEARER, '').trim()
  if (!isToken(text)) throw refused(deps, 'not a token, or mistyped')
  const token = await findTokenByDigest(deps.db, digestToken(text))
  if (token === null) throw refused(deps, 'unknown')
  const now = deps.now()
  if (token.revokedAt !== null) throw refused(deps, 'revoked', token)
  if (token.expiresAt <= now) throw refused(deps, 'expired', token)
  const rights = rightsOfToken(token)
  if (rights === null) throw refused(deps, 'its owner has no access', token)
  noteUse(deps, token, now)
  const { id: tokenId, label, userId, kind, provedAt } = token
  if (kind === 'person') {
    return { ...rights, name: token.user.email, userId, via: 'command_line', provedAt, tokenId }
  }
  return { ...rights, name: `token:${label}`, userId, via: 'token', provedAt: null, tokenId }
}

/** The person whose command line sends the request. Null without a token; throws `permission_refused` for the token of a script. */
export async function commandLineOf(deps: TokenDeps, headers: Headers): Promise<Actor | null> {
  const actor = await authenticateToken(deps, headers)
  if (actor === null || actor.via === 'command_line') return actor
  throw new AppError('permission_refused', 'The token of a script has no proofs. Nothing was done.')
}

/** Not awaited: the request neither waits for it nor fails with it. */
function noteUse(deps: TokenDeps, { id, lastUsedAt }: TokenRow, at: Date): void {
  const unlessSince = new Date(at.getTime() - NOTED_EVERY_MS)
  if (lastUsedAt !== null && lastUsedAt >= unlessSince) return
  noteTokenUse(deps.db, id, { at, unlessSince }).catch((err: unknown) => {
    deps.logger.warn({ tokenId: id, err }, 'The use of an API token could not be recorded')
  })
}

/** The reason is only logged. */
function refused(deps: TokenDeps, why: string, token?: TokenRow): AppError {
  deps.logger.info({ why, ...(token === undefined ? {} : { tokenId: token.id }) }, 'An API token was refused')
  return new AppError(
    'token_refused',
    'This API token is mistyped, expired or revoked, or its owner has no access. Nothing was done. Use another token.',
  )
}

const role = z.enum(ROLES)
const scriptPermission = z.enum(TOKEN_PERMISSIONS)
const personPermission = z.enum(PERSON_TOKEN_PERMISSIONS)

/** A token's rights: its scope, limited by its owner's current rights. Null if the owner has no access. */
export function rightsOfToken(token: TokenRow): Rights | null {
  const { member } = token.user
  const ownRole = role.safeParse(member?.role)
  if (member === null || member.suspendedAt !== null || !ownRole.success) return null
  const { allEnvironments, environments } = member
  const permission = token.kind === 'person' ? personPermission : scriptPermission
  return {
    role: ownRole.data,
    environments: token.environments.filter((name) => allEnvironments || environments.includes(name)),
    permissions: token.permissions.flatMap((name) => permission.safeParse(name).data ?? []),
    surfaces: token.allSurfaces ? null : token.surfaces,
  }
}
