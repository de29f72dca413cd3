import 'server-only'
import { type Actor, may, reaches } from '~/domain/actor'
import { TOKEN_PERMISSIONS, type TokenChoices, type TokenView } from '~/domain/api-token'
import type { Deps } from '~/server/deps'
import { listSurfaces } from '~/server/surfaces/surfaces'
import { readTokens, tokenView } from '~/server/tokens/api-tokens'

export interface TokenList {
  readonly tokens: readonly TokenView[]
  /** Pass it to get older tokens. Null if there are none. */
  readonly nextCursor: string | null
}

interface Page {
  readonly cursor: string | null
  readonly limit: number
}

/** The owner whose tokens an actor may see and revoke. Null (everybody) if the actor may manage people. */
export const visibleTokenOwner = (actor: Actor): string | null => (may(actor, 'member.manage') ? null : actor.userId)

/** The actor's tokens or, for an admin, all. Newest first, including revoked and expired ones. */
export const listTokens = (deps: Pick<Deps, 'db' | 'now'>, actor: Actor, page: Page): Promise<TokenList> =>
  listTokensOf(deps, visibleTokenOwner(actor), page)

/** The tokens of `userId` or, with null, of everybody. */
export async function listTokensOf(
  deps: Pick<Deps, 'db' | 'now'>,
  userId: string | null,
  page: Page,
): Promise<TokenList> {
  const rows = await readTokens(deps.db, { userId, before: page.cursor, limit: page.limit + 1 })
  const shown = rows.slice(0, page.limit)
  const now = deps.now()
  return {
    tokens: shown.map((row) => tokenView(row, now)),
    nextCursor: rows.length > page.limit ? (shown.at(-1)?.id ?? null) : null,
  }
}

/** The choices of the form, within the actor's rights. */
export async function tokenChoices(deps: Pick<Deps, 'db'>, actor: Actor): Promise<TokenChoices> {
  const surfaces = (await listSurfaces(deps.db))
    .filter(({ id, environment }) => reaches(actor, { environment, surfaceId: id }))
    .map(({ id, name, environment }) => ({ id, name, environment }))
  return {
    permissions: TOKEN_PERMISSIONS.filter((permission) => may(actor, permission)),
    environments: [...new Set(surfaces.map(({ environment }) => environment))],
    surfaces,
  }
}
