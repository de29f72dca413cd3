import 'server-only'
import { decideFreeze } from '~/domain/deploy/admission'
import { type Reporter, speaksFor } from '~/domain/deploy/callback'
import { isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { strongest } from '~/domain/freeze'
import { type DeployRow, findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { freezesInForce } from '~/server/freezes/freezes'
import { findSurface } from '~/server/surfaces/surfaces'

interface Question {
  readonly surface: string
  readonly deploy?: string | undefined
  readonly run?: bigint | undefined
}

/** Named as it goes over the wire. */
export interface FreezeAnswer {
  readonly surface: string
  /** Whether a freeze or lock holds the surface now. */
  readonly frozen: boolean
  readonly kind: 'frozen' | 'locked' | null
  readonly reason: string | null
  readonly until: string | null
  readonly freeze_id: string | null
  /** True when every freeze that holds was overridden for the deploy asked about: that one may go on. */
  readonly overridden: boolean
  readonly override_reason: string | null
}

/**
 * Is the surface frozen, for this deploy? Throws `surface_unknown`, `reporter_refused`, `deploy_unknown`, and `deploy_elsewhere` for a deploy
 * of another surface: its override must not open the way for this one.
 */
export async function checkFreeze(
  deps: Pick<Deps, 'db' | 'now'>,
  reporter: Reporter,
  question: Question,
): Promise<FreezeAnswer> {
  const surface = await findSurface(deps.db, question.surface)
  if (surface === null) throw new AppError('surface_unknown', `There is no surface "${question.surface}".`)
  if (!speaksFor(reporter, surface.repository)) {
    const message = `Surface "${surface.id}" belongs to another repository. Correct the surface this workflow's freeze check names.`
    throw new AppError('reporter_refused', message)
  }
  const deploy = question.deploy === undefined ? null : await knownDeploy(deps, question.deploy, surface.id)
  const freezes = await freezesInForce(deps.db, surface, deps.now())
  const override =
    deploy !== null && isUnderWay(deploy, question.run) ? { freezeIds: deploy.overriddenFreezeIds } : null
  const [refusal] = decideFreeze({ surface, freezes, override }).refusals
  const shown = refusal?.freeze ?? strongest(freezes)
  const overridden = shown !== null && refusal === undefined
  return {
    surface: surface.id,
    frozen: shown !== null,
    kind: shown?.kind ?? null,
    reason: shown?.reason ?? null,
    until: shown?.until ?? null,
    freeze_id: shown?.id ?? null,
    overridden,
    override_reason: overridden && deploy !== null ? deploy.overrideReason : null,
  }
}

async function knownDeploy(deps: Pick<Deps, 'db'>, id: string, surfaceId: string): Promise<DeployRow> {
  const deploy = await findDeploy(deps.db, id)
  if (deploy === null) throw new AppError('deploy_unknown', `There is no deploy ${id}.`)
  if (deploy.surfaceId === surfaceId) return deploy
  throw new AppError(
    'deploy_elsewhere',
    `Deploy ${id} is of "${deploy.surfaceId}", and the workflow asked about "${surfaceId}". Correct the surface its freeze check names.`,
  )
}

/** An override is used up with its deploy: a run started by hand with the same id, or a re-run later, has none. */
function isUnderWay(deploy: DeployRow, run: bigint | undefined): boolean {
  const sameRun = deploy.githubRunId === null || deploy.githubRunId === run
  return sameRun && !isTerminal(deploy.status)
}
