import 'server-only'
import { isTerminal } from '~/domain/deploy-status'
import { AppError } from '~/domain/errors'
import { violatedUniqueIndex } from '~/server/db/client'
import { ONE_ACTIVE_PER_SURFACE } from '~/server/db/insert-deploy'
import { findSurface } from '~/server/db/surfaces'
import type { Deps } from '~/server/deps'

/** `surface_busy`, with the deploy that holds the surface, when that is why the insert failed; else the error as it is. */
export async function busyOr(
  deps: Pick<Deps, 'sql'>,
  error: unknown,
  surface: { readonly id: string; readonly name: string },
): Promise<unknown> {
  if (violatedUniqueIndex(error) !== ONE_ACTIVE_PER_SURFACE) return error
  const latest = (await findSurface(deps.sql, surface.id))?.lastDeploy ?? null
  return new AppError(
    'surface_busy',
    `A deploy of ${surface.name} is already under way. Nothing was started; watch that one, or wait for its end.`,
    { details: latest === null || isTerminal(latest.status) ? {} : { deploy_id: latest.id } },
  )
}
