import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { Deps } from '~/server/deps'
import { findTokenByDigest, noteTokenUse, type TokenRow } from '~/server/tokens/api-tokens'
import { digestToken, isToken } from '~/server/tokens/token-format'
import { rightsOfToken } from '~/server/tokens/token-rights'

type TokenDeps = Pick<Deps, 'config' | 'db' | 'now' | 'logger'>

/** A use is noted at most this often per token. */
const NOTED_EVERY_MS = 60_000

const BEARER = /^bearer(?:\s+|$)/i

/** Whether the request says it comes with a token (RFC 6750, 2.1). Then that decides alone: a cookie beside it counts for nothing. */
export const bringsToken = (headers: Headers) => BEARER.test(headers.get('authorization') ?? '')

/**
 * The actor of an `Authorization: Bearer dc_…` header; null when there is no such header, and another way to say who acts may
 * be tried. Throws `token_refused`, with one text whatever is wrong with it: whoever guesses learns nothing.
 */
export async function authenticateToken(deps: TokenDeps, headers: Headers): Promise<Actor | null> {
  if (!bringsToken(headers)) return null
  const text = (headers.get('authorization') ?? '').replace(BEARER, '').trim()
  if (!isToken(text)) throw refused(deps, 'it is none, or has a typo')
  const token = await findTokenByDigest(deps.db, digestToken(text))
  if (token === null) throw refused(deps, 'nobody knows it')
  const now = deps.now()
  if (token.revokedAt !== null) throw refused(deps, 'it is revoked', token)
  if (token.expiresAt <= now) throw refused(deps, 'it has expired', token)
  const rights = rightsOfToken(token)
  if (rights === null) throw refused(deps, 'its owner may do nothing here', token)
  noteUse(deps, token, now)
  const { id: tokenId, label, userId } = token
  return { ...rights, name: `token:${label}`, userId, via: 'token', provedAt: null, tokenId }
}

/** Beside the request, which does not wait for it and does not fail with it. */
function noteUse(deps: TokenDeps, { id, lastUsedAt }: TokenRow, at: Date): void {
  const unlessSince = new Date(at.getTime() - NOTED_EVERY_MS)
  if (lastUsedAt !== null && lastUsedAt >= unlessSince) return
  noteTokenUse(deps.db, id, { at, unlessSince }).catch((err: unknown) => {
    deps.logger.warn({ tokenId: id, err }, 'The use of an API token could not be noted')
  })
}

/** Why is for the console's own log. */
function refused(deps: TokenDeps, why: string, token?: TokenRow): AppError {
  deps.logger.info({ why, ...(token === undefined ? {} : { tokenId: token.id }) }, 'An API token was refused')
  return new AppError(
    'token_refused',
    'This API token is not accepted: mistyped, expired, revoked, or its owner has no access. Nothing was done; use another one.',
  )
}
