import 'server-only'
import type { DispatchInput } from '~/domain/deploy'
import { isTerminal } from '~/domain/deploy-status'
import { AppError } from '~/domain/errors'
import { type DatabaseHandle, violatedUniqueIndex } from '~/server/db/client'
import { type NewDeploy, ONE_ACTIVE_PER_SURFACE } from '~/server/db/deploys'
import { findSurface } from '~/server/db/surfaces'
import { insertUnlessFrozen } from '~/server/deploys/insert-unless-frozen'
import type { Deps } from '~/server/deps'

interface Request {
  readonly surfaceName: string
  readonly override: NonNullable<DispatchInput['overrideFreeze']> | null
  readonly at: Date
  /** What has to be decided in the same transaction, first; what it throws undoes everything. */
  readonly first?: (tx: DatabaseHandle) => Promise<void>
}

/** Commits the intent, unless a freeze or lock stands in its way. Nothing is sent yet. */
export async function commitIntent(deps: Pick<Deps, 'db'>, deploy: NewDeploy, request: Request): Promise<void> {
  await deps.db.$transaction(async (tx) => {
    await request.first?.(tx)
    const refusal = await insertUnlessFrozen(tx, deploy, request)
    if (refusal === null) return
    throw new AppError(refusal.code, `${refusal.message} Nothing was deployed.`, { details: refusal.details })
  })
}

/** `surface_busy`, with the deploy that holds the surface, when that is why the insert failed; else the error as it is. */
export async function busyOr(
  deps: Pick<Deps, 'db'>,
  error: unknown,
  surface: { readonly id: string; readonly name: string },
): Promise<unknown> {
  if (violatedUniqueIndex(error) !== ONE_ACTIVE_PER_SURFACE) return error
  const latest = (await findSurface(deps.db, surface.id))?.lastDeploy ?? null
  return new AppError(
    'surface_busy',
    `A deploy of ${surface.name} is already under way. Nothing was started; watch that one, or wait for its end.`,
    { details: latest === null || isTerminal(latest.status) ? {} : { deploy_id: latest.id } },
  )
}
