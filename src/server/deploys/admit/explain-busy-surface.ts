import 'server-only'
import { explainHold } from '~/domain/deploy/account'
import { isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { HELD_BY_ENDED_DEPLOY, ONE_ACTIVE_PER_SURFACE } from '~/server/deploys/admit/insert-deploy'
import { findHoldingDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { violatedUniqueIndex } from '~/server/platform/database'
import { findSurface } from '~/server/surfaces/surfaces'

interface BusySurface {
  readonly id: string
  readonly name: string
}

/** `surface_busy`, naming the deploy that holds the surface, when that is why the insert failed; else the error as it is. */
export async function explainBusySurface(
  deps: Pick<Deps, 'db'>,
  error: unknown,
  surface: BusySurface,
): Promise<unknown> {
  const violated = violatedUniqueIndex(error)
  if (violated === HELD_BY_ENDED_DEPLOY) return heldSurface(deps, surface)
  if (violated !== ONE_ACTIVE_PER_SURFACE) return error
  const latest = (await findSurface(deps.db, surface.id))?.lastDeploy ?? null
  return new AppError(
    'surface_busy',
    `A deploy of ${inSentence(surface.name)} is already in progress. Nothing was started. Follow that deploy, or wait for its end.`,
    { details: latest === null || isTerminal(latest.status) ? {} : { deploy_id: latest.id } },
  )
}

async function heldSurface(deps: Pick<Deps, 'db'>, surface: BusySurface): Promise<AppError> {
  const holding = await findHoldingDeploy(deps.db, surface.id)
  const runId = holding === null ? null : runHolding(holding)
  return new AppError('surface_busy', `${explainHold(surface.name, runId)} Nothing was started.`, {
    details: {
      ...(holding === null ? {} : { deploy_id: holding.id }),
      ...(runId === null ? {} : { run_id: runId }),
    },
  })
}

/** The run that an ended deploy holds its surface for; null where none is known. */
export const runHolding = (deploy: { readonly githubRunId: bigint | null; readonly lateRunId: bigint | null }) =>
  (deploy.lateRunId ?? deploy.githubRunId)?.toString() ?? null
