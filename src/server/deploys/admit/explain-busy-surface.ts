import 'server-only'
import { explainHold } from '~/domain/deploy/report'
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

export const ROLLBACK_NOT_QUEUED = 'A rollback is not queued. Cancel that deploy, or wait until it has ended.'

/**
 * Turns the violation of a one-deploy-per-surface rule into `surface_busy`, naming the deploy. Returns any other error unchanged. `next`: what
 * to do, as sentences.
 */
export async function explainBusySurface(
  deps: Pick<Deps, 'db'>,
  error: unknown,
  surface: BusySurface,
  next = 'Follow that deploy, or wait until it has ended.',
): Promise<unknown> {
  const violated = violatedUniqueIndex(error)
  if (violated === HELD_BY_ENDED_DEPLOY) return heldSurface(deps, surface)
  if (violated !== ONE_ACTIVE_PER_SURFACE) return error
  const latest = (await findSurface(deps.db, surface.id))?.lastDeploy ?? null
  return new AppError(
    'surface_busy',
    `A deploy of ${inSentence(surface.name)} is already in progress. Nothing was started. ${next}`,
    { details: latest === null || isTerminal(latest.status) ? {} : { deploy_id: latest.id } },
  )
}

async function heldSurface(deps: Pick<Deps, 'db'>, surface: BusySurface): Promise<AppError> {
  const holding = await findHoldingDeploy(deps.db, surface.id)
  const runId = holding === null ? null : holdingRunId(holding)
  return new AppError('surface_busy', `${explainHold(surface.name, runId)} Nothing was started.`, {
    details: {
      ...(holding === null ? {} : { deploy_id: holding.id }),
      ...(runId === null ? {} : { run_id: runId }),
    },
  })
}

/** The run for which an ended deploy holds its surface; null when no run is known. */
export const holdingRunId = (deploy: { readonly githubRunId: bigint | null; readonly lateRunId: bigint | null }) =>
  (deploy.lateRunId ?? deploy.githubRunId)?.toString() ?? null
