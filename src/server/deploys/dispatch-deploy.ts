import 'server-only'
import { createHash } from 'node:crypto'
import type { Actor } from '~/domain/actor'
import { firstRefusal, REQUEST_CHECKS, type Refusal } from '~/domain/admission'
import type { DispatchAnswer, DispatchInput } from '~/domain/deploy'
import { isTerminal } from '~/domain/deploy-status'
import { AppError } from '~/domain/errors'
import { authorize, requireReach } from '~/server/auth/authorize'
import { isDatabaseAway, violatedUniqueIndex } from '~/server/db/client'
import { type DeployRow, findDeployByKey, type NewDeploy, ONE_ACTIVE_PER_SURFACE } from '~/server/db/deploys'
import { findSurface } from '~/server/db/surfaces'
import { auditingRejections } from '~/server/deploys/audit-rejections'
import { insertUnlessFrozen } from '~/server/deploys/insert-unless-frozen'
import { recordDispatchOutcome } from '~/server/deploys/record-dispatch-outcome'
import { requestKey } from '~/server/deploys/request-key'
import { recordedDeploy, waitForRun } from '~/server/deploys/wait-for-run'
import type { Deps } from '~/server/deps'
import { isFlagOn } from '~/server/flags/is-flag-on'
import { dispatchWorkflow } from '~/server/github/dispatch-workflow'
import { readCommit } from '~/server/github/refs'

/**
 * Ships a ref to a surface (contract.md, "Dispatch"): checks, commits the intent, asks GitHub once, answers without
 * waiting for a run. Asked again under the same idempotency key it answers with the deploy that is already there.
 * A refusal leaves its own audit row.
 *
 * @throws AppError `surface_unknown`, `permission_refused`, `surface_archived`, `confirmation_mismatch`, `surface_locked`, `frozen`, `surface_busy`, `ref_moved`,
 *   `ref_unknown`, `idempotency_mismatch`, `github_unavailable` (while checking the ref; nothing was recorded then)
 */
export function dispatchDeploy(deps: Deps, actor: Actor, input: DispatchInput): Promise<DispatchAnswer> {
  return auditingRejections(deps, actor.name, input, () => ship(deps, actor, input))
}

async function ship(deps: Deps, actor: Actor, input: DispatchInput): Promise<DispatchAnswer> {
  const since = deps.now()
  const requestDigest = digestOf(input)
  const key = { requestedBy: actor.name, idempotencyKey: requestKey(actor, input.idempotencyKey) }
  const earlier = await findDeployByKey(deps.db, key)
  if (earlier !== null) return answerAgain(earlier, requestDigest)

  const surface = await admittedSurface(deps, actor, input)
  const deploy: NewDeploy = {
    id: deps.newId(),
    surfaceId: surface.id,
    environment: surface.environment,
    repository: surface.repository,
    workflow: surface.workflow,
    ref: input.ref,
    workflowRef: surface.ref,
    sha: input.expectedSha ?? null,
    reason: input.reason || null,
    requestedBy: actor.name,
    requestedByUserId: actor.userId,
    idempotencyKey: key.idempotencyKey,
    requestDigest,
    phaseCallbacks: await isFlagOn(deps, 'FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS', surface.environment),
  }
  let refusal: Refusal | null
  try {
    const request = { surfaceName: surface.name, override: input.overrideFreeze ?? null, at: deps.now() }
    refusal = await deps.db.$transaction((tx) => insertUnlessFrozen(tx, deploy, request))
  } catch (error) {
    return answerConflict(deps, error, key, requestDigest, surface)
  }
  if (refusal !== null) {
    throw new AppError(refusal.code, `${refusal.message} Nothing was deployed.`, { details: refusal.details })
  }

  return afterIntent(deploy.id, async () => {
    await askGitHub(deps, deploy)
    const waits = !(await isFlagOn(deps, 'FLAG_CONSOLE_DEPLOY_ASYNC', deploy.environment))
    if (waits) await waitForRun(deps, deploy.id, since)
    return answerOf(await recordedDeploy(deps, deploy.id))
  })
}

/** Once the intent is committed, an error must not sound as if nothing had happened. */
async function afterIntent<Answer>(deployId: string, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (!isDatabaseAway(error)) throw error
    throw new AppError(
      'database_unavailable',
      `The database went away after deploy ${deployId} was recorded and GitHub may have been asked. It will not be sent again; watch that deploy.`,
      { details: { deploy_id: deployId }, cause: error },
    )
  }
}

async function askGitHub(deps: Deps, deploy: NewDeploy): Promise<void> {
  const outcome = await dispatchWorkflow(deps.github, {
    repository: deploy.repository,
    workflow: deploy.workflow,
    ref: deploy.workflowRef,
    inputs: {
      console_deploy_id: deploy.id,
      environment: deploy.environment,
      // The reviewed commit, not the name: what ships is what was reviewed even if the ref moves meanwhile.
      ref: deploy.sha ?? deploy.ref,
      phase_callbacks: String(deploy.phaseCallbacks),
    },
  })
  const { id, surfaceId, requestedBy } = deploy
  await recordDispatchOutcome(deps, { deployId: id, surfaceId, actor: requestedBy }, outcome)
}

/** The checks that need no row of ours: cheap ones first, GitHub last. */
async function admittedSurface(deps: Deps, actor: Actor, input: DispatchInput) {
  const surface = await findSurface(deps.db, input.surfaceId)
  if (surface === null) {
    throw new AppError('surface_unknown', `There is no surface "${input.surfaceId}". Nothing was deployed.`)
  }
  requireReach(actor, { environment: surface.environment, surfaceId: surface.id })
  if (input.overrideFreeze !== undefined) authorize(actor, 'freeze.override')
  const refusal = firstRefusal(REQUEST_CHECKS, {
    surface: { name: surface.name, confirm: surface.confirm, archived: surface.archivedAt !== null },
    confirmation: input.confirmation,
  })
  if (refusal !== null) throw new AppError(refusal.code, refusal.message, { details: refusal.details })
  if (input.expectedSha !== undefined) {
    const head = await readCommit(deps.github, surface.repository, input.ref)
    if (head.sha !== input.expectedSha) {
      throw new AppError(
        'ref_moved',
        `${input.ref} was at ${input.expectedSha.slice(0, 7)} when you reviewed it and is at ${head.sha.slice(0, 7)} now. Nothing was deployed; review it again.`,
        { details: { expected_sha: input.expectedSha, actual_sha: head.sha } },
      )
    }
  }
  return surface
}

function answerAgain(earlier: DeployRow, requestDigest: string): DispatchAnswer {
  if (earlier.requestDigest === requestDigest) return answerOf(earlier)
  throw new AppError(
    'idempotency_mismatch',
    'This idempotency key was used for another request. Nothing was deployed; send a new key with a new request.',
    { details: { deploy_id: earlier.id } },
  )
}

/** The insert lost a race, or the surface was busy all along: the database's unique indexes say which. */
async function answerConflict(
  deps: Deps,
  error: unknown,
  key: { readonly requestedBy: string; readonly idempotencyKey: string },
  requestDigest: string,
  surface: { readonly id: string; readonly name: string },
): Promise<DispatchAnswer> {
  const violated = violatedUniqueIndex(error)
  if (violated === null) throw error
  const twin = await findDeployByKey(deps.db, key)
  if (twin !== null) return answerAgain(twin, requestDigest)
  if (violated !== ONE_ACTIVE_PER_SURFACE) throw error
  const latest = (await findSurface(deps.db, surface.id))?.lastDeploy ?? null
  throw new AppError(
    'surface_busy',
    `A deploy of ${surface.name} is already under way. Nothing was started; watch that one, or wait for its end.`,
    { details: latest === null || isTerminal(latest.status) ? {} : { deploy_id: latest.id } },
  )
}

const answerOf = (deploy: DeployRow): DispatchAnswer => ({
  id: deploy.id,
  status: deploy.status,
  runId: deploy.githubRunId?.toString() ?? null,
})

/** Tells a retry from another request under the same key. The confirmation is not part of what is asked for. */
function digestOf(input: DispatchInput): string {
  const asked = [input.surfaceId, input.ref, input.reason ?? '', input.expectedSha ?? '']
  // Left out when there is none, so that digests stored before overrides existed stay what they are.
  if (input.overrideFreeze !== undefined) asked.push(JSON.stringify(input.overrideFreeze))
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex')
}
