import 'server-only'
import { type Actor, may, reaches } from '~/domain/actor'
import { TOKEN_PERMISSIONS, type TokenChoices, type TokenView } from '~/domain/api-token'
import type { CreateTokenInput } from '~/domain/api-token-input'
import { AppError } from '~/domain/errors'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { authorize, requireFreshProof, requireReach } from '~/server/auth/authorize'
import type { Deps } from '~/server/deps'
import { readMember, readUserIdOf } from '~/server/members/members'
import { violatedUniqueIndex } from '~/server/platform/database'
import { listSurfaces, requireKnownEnvironments } from '~/server/surfaces/surfaces'
import { findToken, insertToken, markRevoked, readTokens, tokenEvent, tokenView } from '~/server/tokens/api-tokens'
import { digestToken, newToken, shortenToken } from '~/server/tokens/token-format'

interface TokenList {
  readonly tokens: readonly TokenView[]
  /** Pass it to get older tokens. Null if there are none. */
  readonly nextCursor: string | null
}

interface Page {
  readonly cursor: string | null
  readonly limit: number
}

/** The owner whose tokens an actor may see and revoke. Null (everybody) if the actor may manage people. */
const visibleTokenOwner = (actor: Actor): string | null => (may(actor, 'member.manage') ? null : actor.userId)

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

type CreateDeps = Pick<Deps, 'db' | 'now' | 'newId'>

interface CreatedToken {
  /** Shown once. Only its digest is stored. */
  readonly secret: string
  readonly token: TokenView
}

const DAY_MS = 86_400_000

/**
 * Creates a token that acts for `owner`, within the owner's rights. `by`: the actor, if not the owner.
 *
 * @throws AppError `permission_refused`, `proof_stale`, `surface_unknown`, `invalid_input`, `token_label_taken`
 */
export async function createToken(
  deps: CreateDeps,
  owner: Actor,
  input: CreateTokenInput,
  by: string = owner.name,
): Promise<CreatedToken> {
  await requireScope(deps, owner, input)
  // A token never proves its identity, so its maker must.
  requireFreshProof(deps, owner, 'making an API token')
  const secret = newToken()
  const at = deps.now()
  try {
    const row = await deps.db.$transaction(async (tx) => {
      const inserted = await insertToken(tx, {
        id: deps.newId(),
        label: input.label,
        digest: digestToken(secret),
        shown: shortenToken(secret),
        userId: owner.userId,
        permissions: input.permissions,
        environments: input.environments,
        allSurfaces: input.surfaces === null,
        surfaces: input.surfaces ?? [],
        createdAt: at,
        expiresAt: new Date(at.getTime() + input.expiresInDays * DAY_MS),
      })
      await appendAuditEvent(tx, { actor: by, at }, tokenEvent('console.token.created', inserted))
      return inserted
    })
    return { secret, token: tokenView(row, at) }
  } catch (error) {
    if (violatedUniqueIndex(error) === null) throw error
    throw new AppError(
      'token_label_taken',
      `A token "${input.label}" already exists. No token was created. Revoke that one first, or choose another label.`,
    )
  }
}

/** Throws unless the owner may do everything in the token's scope. */
async function requireScope(deps: CreateDeps, owner: Actor, input: CreateTokenInput): Promise<void> {
  authorize(owner, 'token.manage')
  for (const permission of input.permissions) authorize(owner, permission)
  await requireKnownEnvironments(deps.db, input.environments, 'No token was created.')
  for (const environment of input.environments) requireReach(owner, { environment })
  const declared = await listSurfaces(deps.db)
  for (const id of input.surfaces ?? []) {
    const surface = declared.find((one) => one.id === id)
    if (surface === undefined)
      throw new AppError('surface_unknown', `There is no surface "${id}". No token was created.`)
    if (!input.environments.includes(surface.environment)) {
      throw new AppError(
        'invalid_input',
        `${id} belongs to ${surface.environment}, which is not an environment of this token. No token was created.`,
      )
    }
  }
}

/** For the command line: creates a token for a member, audited with the actor `console`. Throws `member_unknown` as well. */
export async function createTokenFor(
  deps: Pick<Deps, 'db' | 'now' | 'newId'>,
  address: string,
  input: CreateTokenInput,
): Promise<CreatedToken> {
  const userId = await readUserIdOf(deps.db, address)
  const member = userId === null ? null : await readMember(deps.db, userId)
  if (member === null || member.suspendedAt !== null) {
    throw new AppError(
      'member_unknown',
      `"${address}" has no access to this console. No token was created. Invite that person first.`,
    )
  }
  const { email: name, role, environments } = member
  const owner = {
    name,
    userId: member.userId,
    role,
    environments,
    permissions: null,
    surfaces: null,
    via: 'session',
    // Access to the console's machine counts as a proof.
    provedAt: deps.now(),
  } as const
  return createToken(deps, owner, input, 'console')
}

type ChangeDeps = Pick<Deps, 'db' | 'now'>

/** Revokes a token. Throws `token_unknown`, also for another person's token unless the actor may manage people. */
export const revokeToken = (deps: ChangeDeps, actor: Actor, id: string): Promise<void> =>
  revokeTokenOf(deps, { id, userId: visibleTokenOwner(actor) }, actor.name)

/** Revokes a token of `userId` or, with null, of anybody, for the command line. */
export async function revokeTokenOf(
  deps: ChangeDeps,
  token: { readonly id: string; readonly userId: string | null },
  by: string,
): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const found = await findToken(tx, token.id, token.userId)
    if (found === null) throw new AppError('token_unknown', `There is no API token ${token.id}. Nothing was revoked.`)
    if (!(await markRevoked(tx, token.id, { by, at }))) return
    await appendAuditEvent(tx, { actor: by, at }, tokenEvent('console.token.revoked', found))
  })
}

/** Revokes the token of the command line that asks. Throws `token_unknown` for the token of a script, and for a session. */
export async function signOutCommandLine(deps: ChangeDeps, actor: Actor): Promise<void> {
  if (actor.via === 'command_line' && actor.tokenId !== undefined) {
    return revokeTokenOf(deps, { id: actor.tokenId, userId: actor.userId }, actor.name)
  }
  throw new AppError(
    'token_unknown',
    'Only the command line of a person signs out here. Nothing was revoked. Revoke a token at /tokens.',
  )
}
