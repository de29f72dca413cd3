import 'server-only'
import { z } from 'zod'
import { type Reporter, speaksFor } from '~/domain/deploy/callback'
import { isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { type Asker, decideFreeze } from '~/domain/freeze/decide-freeze'
import { holdsUnderWay, type StandingFreeze, strongest } from '~/domain/freeze/freeze'
import { id, runIdText, surfaceId } from '~/domain/input'
import { verifyReporter } from '~/server/deploys/callbacks/verify-reporter'
import { type DeployRow, findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { freezesInForce } from '~/server/freezes/freezes-in-force'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { parseInput } from '~/server/platform/http/read-body'
import { proveRollback } from '~/server/surfaces/follow/prove-rollback'
import { findSurface } from '~/server/surfaces/surfaces'

/** The signed path is fixed: behind a reverse proxy, the workflow may see a prefix that the console does not (ADR 008). */
const SIGNED_PATH = 'GET /api/internal/freezes'

const question = z.object({
  surface: surfaceId,
  deploy: id.optional(),
  run: runIdText.optional(),
})

/**
 * `GET /api/internal/freezes`. Signed like a callback, over method, path and query instead of a body. A captured signature can only
 * repeat the same question, for five minutes. GitHub's token is accepted instead of a signature. Reads only.
 */
export async function answerFreezeCheck(
  deps: Pick<Deps, 'config' | 'runTokens' | 'db' | 'github' | 'logger' | 'now' | 'rateLimits'>,
  request: Request,
): Promise<Response> {
  try {
    const { search, searchParams } = new URL(request.url)
    const { reporter } = await verifyReporter(deps, request, Buffer.from(`${SIGNED_PATH}${search}`))
    const asked = parseInput(Object.fromEntries(searchParams), question, 'The query')
    const answer = await checkFreeze(deps, reporter, asked)
    return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
  } catch (thrown) {
    const error = toAppError(thrown)
    logAppError(deps.logger, error, { route: 'freeze check' })
    return problemResponse(error)
  }
}

interface Question {
  readonly surface: string
  readonly deploy?: string | undefined
  readonly run?: bigint | undefined
}

/** The JSON answer, with its names. */
interface FreezeAnswer {
  readonly surface: string
  /** Whether a freeze or lock is in force for the surface. */
  readonly frozen: boolean
  readonly kind: 'frozen' | 'locked' | null
  readonly reason: string | null
  readonly until: string | null
  readonly freeze_id: string | null
  /** True when the deploy in the question overrides every freeze in force: that deploy may continue. */
  readonly overridden: boolean
  readonly override_reason: string | null
}

/**
 * Whether the surface is frozen for this deploy. The override of another surface's deploy must not count here.
 *
 * @throws AppError `surface_unknown`, `reporter_refused`, `deploy_unknown`, `deploy_elsewhere`
 */
async function checkFreeze(
  deps: Pick<Deps, 'db' | 'github' | 'now'>,
  reporter: Reporter,
  question: Question,
): Promise<FreezeAnswer> {
  const surface = await findSurface(deps.db, question.surface)
  if (surface === null) {
    const message = `There is no surface "${question.surface}". Correct the surface that this workflow's freeze check names.`
    throw new AppError('surface_unknown', message)
  }
  if (!speaksFor(reporter, surface.repository)) {
    const message = `Surface "${surface.id}" belongs to another repository. Correct the surface that this workflow's freeze check names.`
    throw new AppError('reporter_refused', message)
  }
  const deploy = question.deploy === undefined ? null : await knownDeploy(deps, question.deploy, surface.id)
  const now = deps.now()
  const inForce = await freezesInForce(deps.db, surface, now)
  const underWay = deploy !== null && isInProgress(deploy, question.run) ? deploy : null
  const freezes = underWay === null ? inForce : holdsUnderWay(inForce, admissionOf(underWay), now)
  const override = underWay === null ? null : { freezeIds: underWay.overriddenFreezeIds }
  const asker = underWay === null ? null : await askerOf(deps, underWay, freezes)
  const { refusals, passed } = decideFreeze({ surface, freezes, override, asker })
  const [refusal] = refusals
  const held = freezes.filter(({ id }) => !passed.some(({ freeze }) => freeze.id === id))
  const shown = refusal?.freeze ?? strongest(held)
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

const admissionOf = ({ requestedAt: admittedAt, surface: { timeoutMinutes } }: DeployRow) => ({
  admittedAt,
  timeoutMinutes,
})

/** GitHub is asked only if a freeze lets rollbacks pass. */
async function askerOf(
  deps: Pick<Deps, 'db' | 'github'>,
  deploy: DeployRow,
  freezes: readonly StandingFreeze[],
): Promise<Asker> {
  const surface = { id: deploy.surfaceId, repository: deploy.repository }
  const mayPass = deploy.kind === 'rollback' && freezes.some(({ rollbacksPass }) => rollbacksPass === true)
  const isRollback = mayPass && deploy.sha !== null && (await proveRollback(deps, surface, deploy.sha))
  return { name: deploy.requestedBy, userId: deploy.requestedByUserId, isRollback }
}

async function knownDeploy(deps: Pick<Deps, 'db'>, id: string, surfaceId: string): Promise<DeployRow> {
  const deploy = await findDeploy(deps.db, id)
  if (deploy === null) throw new AppError('deploy_unknown', `There is no deploy ${id}. Check the id.`)
  if (deploy.surfaceId === surfaceId) return deploy
  throw new AppError(
    'deploy_elsewhere',
    `Deploy ${id} belongs to surface "${deploy.surfaceId}", not to "${surfaceId}". Correct the surface that this workflow's freeze check names.`,
  )
}

/** An override ends with its deploy. A run started by hand with the same id, or a later re-run, has no override. */
function isInProgress(deploy: DeployRow, run: bigint | undefined): boolean {
  const sameRun = deploy.githubRunId === null || deploy.githubRunId === run
  return sameRun && !isTerminal(deploy.status)
}
