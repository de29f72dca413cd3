import 'server-only'
import type { Actor } from '~/domain/actor'
import type { CreateTokenInput, TokenView } from '~/domain/api-token'
import { AppError } from '~/domain/errors'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { authorize, requireFreshProof, requireReach } from '~/server/auth/rights/authorize'
import type { Deps } from '~/server/deps'
import { violatedUniqueIndex } from '~/server/platform/database'
import { requireKnownEnvironments } from '~/server/surfaces/require-known-environments'
import { listSurfaces } from '~/server/surfaces/surfaces'
import { insertToken } from '~/server/tokens/api-tokens'
import { digestToken, newToken, shownOf } from '~/server/tokens/token-format'
import { tokenEvent, tokenView } from '~/server/tokens/token-view'

type CreateDeps = Pick<Deps, 'db' | 'now' | 'newId'>

export interface CreatedToken {
  /** The only time it is ever seen. */
  readonly secret: string
  readonly token: TokenView
}

const DAY_MS = 86_400_000

/**
 * Makes a token that acts for `owner`, who can give it nothing he or she may not do. `by`: who makes it, where that is not the owner.
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
  // It acts without being asked who it is: so its maker is.
  requireFreshProof(deps, owner, 'making an API token')
  const secret = newToken()
  const at = deps.now()
  try {
    const row = await deps.db.$transaction(async (tx) => {
      const inserted = await insertToken(tx, {
        id: deps.newId(),
        label: input.label,
        digest: digestToken(secret),
        shown: shownOf(secret),
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
      `There is a token "${input.label}" already. Nothing was made; revoke that one first, or choose another name.`,
    )
  }
}

/** What a token can do is what its owner could do by hand. */
async function requireScope(deps: CreateDeps, owner: Actor, input: CreateTokenInput): Promise<void> {
  authorize(owner, 'token.manage')
  for (const permission of input.permissions) authorize(owner, permission)
  await requireKnownEnvironments(deps.db, input.environments, 'Nothing was made.')
  for (const environment of input.environments) requireReach(owner, { environment })
  const declared = await listSurfaces(deps.db)
  for (const id of input.surfaces ?? []) {
    const surface = declared.find((one) => one.id === id)
    if (surface === undefined) throw new AppError('surface_unknown', `There is no surface "${id}". Nothing was made.`)
    if (!input.environments.includes(surface.environment)) {
      throw new AppError(
        'invalid_input',
        `${id} is ${surface.environment}, which is not among the environments of this token. Nothing was made.`,
      )
    }
  }
}
