import 'server-only'
import { type Actor, may, type Rights, reaches } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { Permission } from '~/domain/permissions'
import { findRequester } from '~/server/members/members'
import type { DatabaseHandle } from '~/server/platform/database'
import { findToken } from '~/server/tokens/api-tokens'
import { rightsOfToken } from '~/server/tokens/token-rights'

/** A person, or with `tokenId` one of the person's tokens. */
interface Who {
  readonly userId: string
  readonly tokenId?: string | null | undefined
}

interface Use {
  readonly needs: readonly Permission[]
  readonly surface: { readonly id: string; readonly environment: string }
  readonly at: Date
}

/** Whether somebody may do this at this moment, as far as the database knows: for what is decided next over the same connection. */
export async function mayNow(tx: DatabaseHandle, who: Who, { needs, surface, at }: Use): Promise<boolean> {
  const rights = await readRights(tx, who, at)
  if (rights === null || !needs.every((permission) => may(rights, permission))) return false
  return reaches(rights, { environment: surface.environment, surfaceId: surface.id })
}

/**
 * Between the request and its being recorded, GitHub was asked, for seconds: an access that was taken away
 * meanwhile counts. Throws `permission_refused`.
 */
export async function requireStillMay(tx: DatabaseHandle, actor: Actor, use: Use): Promise<void> {
  if (await mayNow(tx, actor, use)) return
  throw new AppError(
    'permission_refused',
    `${actor.name} may no longer do this to ${use.surface.id}: that was taken away while it was being asked for. Nothing was deployed; ask an admin.`,
    { details: { environment: use.surface.environment } },
  )
}

async function readRights(tx: DatabaseHandle, { userId, tokenId }: Who, at: Date): Promise<Rights | null> {
  if (tokenId === undefined || tokenId === null) {
    const person = await findRequester(tx, userId)
    return person === null ? null : { ...person, permissions: null, surfaces: null }
  }
  const token = await findToken(tx, tokenId, userId)
  if (token === null || token.revokedAt !== null || token.expiresAt <= at) return null
  return rightsOfToken(token)
}
