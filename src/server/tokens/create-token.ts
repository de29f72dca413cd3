import 'server-only'
import type { Actor } from '~/domain/actor'
import type { CreateTokenInput, TokenView } from '~/domain/api-token'
import { AppError } from '~/domain/errors'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { authorize, requireFreshProof, requireReach } from '~/server/auth/authorize'
import type { Deps } from '~/server/deps'
import { readMember, readUserIdOf } from '~/server/members/members'
import { violatedUniqueIndex } from '~/server/platform/database'
import { listSurfaces, requireKnownEnvironments } from '~/server/surfaces/surfaces'
import { insertToken, tokenEvent, tokenView } from '~/server/tokens/api-tokens'
import { digestToken, newToken, shortenToken } from '~/server/tokens/token-format'

type CreateDeps = Pick<Deps, 'db' | 'now' | 'newId'>

export interface CreatedToken {
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
      `A token "${input.label}" already exists. No token was created. Revoke that one first, or choose another name.`,
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
