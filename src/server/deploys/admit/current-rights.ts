import 'server-only'
import { type Actor, may, type Rights, reaches } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { Permission } from '~/domain/permissions'
import { findRequester } from '~/server/members/members'
import type { DatabaseHandle } from '~/server/platform/database'
import { findToken } from '~/server/tokens/api-tokens'
import { rightsOfToken } from '~/server/tokens/authenticate-token'

/** A person, or with `tokenId` one of the person's API tokens. */
interface Requester {
  readonly userId: string
  readonly tokenId?: string | null | undefined
}

interface RequiredRights {
  readonly needs: readonly Permission[]
  readonly surface: { readonly id: string; readonly environment: string }
  readonly at: Date
}

/** Whether the requester has these rights now, as the caller's transaction reads them. */
export async function hasRightsNow(
  tx: DatabaseHandle,
  requester: Requester,
  { needs, surface, at }: RequiredRights,
): Promise<boolean> {
  const rights = await readRights(tx, requester, at)
  if (rights === null || !needs.every((permission) => may(rights, permission))) return false
  return reaches(rights, { environment: surface.environment, surfaceId: surface.id })
}

/** Throws `permission_refused` when the actor lost a right during the seconds in which GitHub was asked. */
export async function requireCurrentRights(tx: DatabaseHandle, actor: Actor, rights: RequiredRights): Promise<void> {
  if (await hasRightsNow(tx, actor, rights)) return
  throw new AppError(
    'permission_refused',
    `${actor.name} lost a permission for ${rights.surface.id} during this request. Nothing was deployed. Ask an admin for access.`,
    { details: { environment: rights.surface.environment } },
  )
}

/** The rights of now; null for somebody without access, and for a token that is not valid any more. */
export async function readRights(tx: DatabaseHandle, { userId, tokenId }: Requester, at: Date): Promise<Rights | null> {
  if (tokenId === undefined || tokenId === null) {
    const person = await findRequester(tx, userId)
    return person === null ? null : { ...person, permissions: null, surfaces: null }
  }
  const token = await findToken(tx, tokenId, userId)
  if (token === null || token.revokedAt !== null || token.expiresAt <= at) return null
  return rightsOfToken(token)
}
