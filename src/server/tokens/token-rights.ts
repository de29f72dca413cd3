import 'server-only'
import { z } from 'zod'
import type { Rights } from '~/domain/actor'
import { TOKEN_PERMISSIONS } from '~/domain/api-token'
import { ROLES } from '~/domain/permissions'
import type { TokenRow } from '~/server/tokens/api-tokens'

const role = z.enum(ROLES)
const permission = z.enum(TOKEN_PERMISSIONS)

/** A token's scope, within what its owner may at this moment. Null when the owner has no access. */
export function rightsOfToken(token: TokenRow): Rights | null {
  const { member } = token.user
  const ownRole = role.safeParse(member?.role)
  if (member === null || member.suspendedAt !== null || !ownRole.success) return null
  const { allEnvironments, environments } = member
  return {
    role: ownRole.data,
    environments: token.environments.filter((name) => allEnvironments || environments.includes(name)),
    permissions: token.permissions.flatMap((name) => permission.safeParse(name).data ?? []),
    surfaces: token.allSurfaces ? null : token.surfaces,
  }
}
