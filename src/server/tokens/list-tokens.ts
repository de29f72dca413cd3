import 'server-only'
import { type Actor, may, reaches } from '~/domain/actor'
import { TOKEN_PERMISSIONS, type TokenChoices, type TokenView } from '~/domain/api-token'
import type { Deps } from '~/server/deps'
import { listSurfaces } from '~/server/surfaces/surfaces'
import { readTokens } from '~/server/tokens/api-tokens'
import { tokenView } from '~/server/tokens/token-view'

export interface TokenList {
  readonly tokens: readonly TokenView[]
  /** Pass on for older ones; null when there are none. */
  readonly nextCursor: string | null
}

interface Page {
  readonly cursor: string | null
  readonly limit: number
}

/** Whose tokens an actor sees and revokes: null for everybody's, which takes being allowed to manage people. */
export const tokensWithinReach = (actor: Actor): string | null => (may(actor, 'member.manage') ? null : actor.userId)

/** One's own; for an admin everybody's. Newest first, revoked and expired ones too. */
export const listTokens = (deps: Pick<Deps, 'db' | 'now'>, actor: Actor, page: Page): Promise<TokenList> =>
  listTokensOf(deps, tokensWithinReach(actor), page)

/** `userId`'s, or with null everybody's. */
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

/** What the form offers: nothing the actor could not do by hand. */
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
