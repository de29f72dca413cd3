import 'server-only'
import { isTerminal } from '~/domain/deploy-status'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { violatedUniqueIndex } from '~/server/db/client'
import { findHoldingDeploy } from '~/server/db/deploys'
import { HELD_BY_ENDED_DEPLOY, ONE_ACTIVE_PER_SURFACE } from '~/server/db/insert-deploy'
import { findSurface } from '~/server/db/surfaces'
import type { Deps } from '~/server/deps'

interface BusySurface {
  readonly id: string
  readonly name: string
}

/** `surface_busy`, naming the deploy that holds the surface, when that is why the insert failed; else the error as it is. */
export async function explainBusySurface(
  deps: Pick<Deps, 'db' | 'sql'>,
  error: unknown,
  surface: BusySurface,
): Promise<unknown> {
  const violated = violatedUniqueIndex(error)
  if (violated === HELD_BY_ENDED_DEPLOY) return heldSurface(deps, surface)
  if (violated !== ONE_ACTIVE_PER_SURFACE) return error
  const latest = (await findSurface(deps.sql, surface.id))?.lastDeploy ?? null
  return new AppError(
    'surface_busy',
    `A deploy of ${inSentence(surface.name)} is already under way. Nothing was started; watch that one, or wait for its end.`,
    { details: latest === null || isTerminal(latest.status) ? {} : { deploy_id: latest.id } },
  )
}

async function heldSurface(deps: Pick<Deps, 'db'>, surface: BusySurface): Promise<AppError> {
  const holding = await findHoldingDeploy(deps.db, surface.id)
  const runId = holding === null ? null : runOf(holding)
  return new AppError(
    'surface_busy',
    `${whyHeld(surface, holding)} Nothing was started; wait for the end of that run, or open that deploy and release the surface.`,
    {
      details: {
        ...(holding === null ? {} : { deploy_id: holding.id }),
        ...(runId === null ? {} : { run_id: runId.toString() }),
      },
    },
  )
}

interface HoldingDeploy {
  readonly githubRunId: bigint | null
  readonly lateRunId: bigint | null
}

const runOf = ({ lateRunId, githubRunId }: HoldingDeploy) => lateRunId ?? githubRunId

/** Why a deploy that has ended still holds its surface, in a sentence. */
export function whyHeld({ name }: Pick<BusySurface, 'name'>, holding: HoldingDeploy | null): string {
  const runId = holding === null ? null : runOf(holding)
  return runId === null
    ? `An earlier deploy of ${inSentence(name)} ended without a run; GitHub may still start it.`
    : `Run ${runId} of an earlier deploy of ${inSentence(name)} is not proven to be over and may still change it.`
}
