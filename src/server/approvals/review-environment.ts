import 'server-only'
import type { Actor } from '~/domain/actor'
import { readAuditEvent } from '~/domain/audit/event'
import {
  type EnvironmentReviewAnswer,
  isDecidedSince,
  type REVIEW_OUTCOMES,
  type ReviewEnvironmentInput,
} from '~/domain/deploy/environment-review'
import { isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { decideFreeze, deployFreezeRefusal } from '~/domain/freeze/decide-freeze'
import { requireIndependence } from '~/server/approvals/independence'
import { appendAuditEvent, hasAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireReach } from '~/server/auth/authorize'
import { requireCurrentRights } from '~/server/deploys/admit/current-rights'
import { deploySelect } from '~/server/deploys/deploys'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import { LOOKUP_TIMEOUT_MS } from '~/server/deploys/runs/find-run'
import type { Deps } from '~/server/deps'
import { freezesInForce } from '~/server/freezes/freezes-in-force'
import { knownDeployFreeze, readDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { sendReview } from '~/server/github/review-environment'
import { readWaitingEnvironments } from '~/server/github/run-waits'
import { readRun } from '~/server/github/workflow-runs'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'
import { addJob } from '~/server/platform/jobs.sql'

/**
 * Approves or rejects, as a person's decision, an environment of GitHub that holds the run of a deploy. The decision is committed before
 * GitHub is asked, once. A repetition by the same person gets the recorded decision.
 *
 * @throws AppError `deploy_unknown`, `permission_refused`, `approval_own`, `proof_stale`, `deploy_ended`, `review_outdated`, `ref_moved`,
 *   `surface_locked`, `frozen` (for an approval), `approver_linked`, `github_unavailable` (nothing was sent), `github_refused`
 */
export async function reviewEnvironment(
  deps: Deps,
  actor: Actor,
  input: ReviewEnvironmentInput,
): Promise<EnvironmentReviewAnswer> {
  const deploy = await readReviewed(deps.db, input.id)
  requirePerson(actor)
  requireReach(actor, deploy)
  requireAnotherPerson(actor, deploy)
  const decided = await findDecision(deps.db, actor, input)
  if (decided !== null) return decided
  requireUnchanged(deploy, input)
  requireFreshProof(deps, actor, `reviewing an environment of this deploy of ${inSentence(deploy.surface.name)}`)
  const environment = await recheckWaiting(deps, deploy, input)
  if (input.decision === 'approved') await requireNoVariableFreeze(deps, deploy)
  const review = {
    runId: BigInt(input.runId),
    environmentId: Number(environment.id),
    decision: input.decision,
    comment: commentOf(actor, input),
  }
  const row = { ...input, environment: environment.name, comment: review.comment }
  const earlier = await deps.db.$transaction(async (tx) => {
    const found = await lockAndRecheck(tx, deps, actor, input)
    if (found === null) await recordReview(tx, deps, actor, deploy, { ...row, outcome: 'asked' })
    return found
  })
  if (earlier !== null) return earlier
  const outcome = await sendReview(deps.github, deploy.repository, review)
  const { kind, reason: detail } = { reason: undefined, ...outcome }
  await deps.db.$transaction(async (tx) => {
    await recordReview(tx, deps, actor, deploy, { ...row, outcome: kind, detail })
    await addJob(tx, { task: 'reconcile_deploy', payload: { deployId: deploy.id } })
  })
  deps.logger.info({ deployId: deploy.id, by: actor.name, outcome: kind }, 'an environment was reviewed')
  if (kind === 'refused') throw new AppError('github_refused', detail ?? '')
  return { decision: input.decision, outcome: kind }
}

const reviewedSelect = {
  ...deploySelect,
  requestedByUserId: true,
  approval: { select: { requestedAt: true } },
  surface: { select: { ...deploySelect.surface.select, deployFreeze: true, deployFreezeReadAt: true } },
} satisfies Prisma.DeploySelect
type Reviewed = Prisma.DeployGetPayload<{ select: typeof reviewedSelect }>

async function readReviewed(db: DatabaseHandle, id: string): Promise<Reviewed> {
  const deploy = await db.deploy.findUnique({ where: { id }, select: reviewedSelect })
  if (deploy !== null) return deploy
  throw new AppError('deploy_unknown', `There is no deploy ${id}. ${NOTHING_SENT} Check the id.`)
}

const NOTHING_SENT = 'Nothing was sent to GitHub.'

function requirePerson(actor: Actor): void {
  if (actor.via === 'session') return
  throw new AppError(
    'permission_refused',
    `An API token cannot review an environment of GitHub. ${NOTHING_SENT} Let a person decide in the console.`,
  )
}

/** A deploy from before sign-in names no account, so nobody is proven to be another person. */
function requireAnotherPerson(actor: Actor, { requestedByUserId }: Reviewed): string {
  if (requestedByUserId !== null && requestedByUserId !== actor.userId) return requestedByUserId
  const why =
    requestedByUserId === null
      ? 'The account that requested this deploy is not on record'
      : 'You, or one of your API tokens, requested this deploy'
  throw new AppError('approval_own', `${why}. ${NOTHING_SENT} Ask a reviewer to decide on GitHub.`)
}

/** Whether the deploy is still the one that was shown: unfinished, not to be cancelled, and at the same attempt of its run. */
function requireUnchanged(deploy: Reviewed, input: ReviewEnvironmentInput): void {
  if (isTerminal(deploy.status)) {
    throw new AppError('deploy_ended', `The deploy has already ended: ${deploy.status}. ${NOTHING_SENT}`)
  }
  if (deploy.cancelRequestedAt !== null) throw outdated('Somebody requested to cancel this deploy.')
  if (deploy.githubRunId?.toString() !== input.runId || deploy.githubRunAttempt !== input.runAttempt) {
    throw outdated('The deploy follows another run or attempt now.')
  }
}

const outdated = (what: string) =>
  new AppError('review_outdated', `${what} ${NOTHING_SENT} Look at the deploy again before you decide.`)

/** Asks GitHub whether exactly what was shown still waits. If not, a look is queued, so that the deploy shows what waits now. */
async function recheckWaiting(deps: Deps, deploy: Reviewed, input: ReviewEnvironmentInput) {
  const { run, waiting } = await readFromGitHub(deps, deploy, BigInt(input.runId))
  try {
    if (run === null) throw outdated('GitHub does not show the run.')
    if (run.attempt !== input.runAttempt || run.status === 'completed') {
      throw outdated('The run has ended, or was run again.')
    }
    if (deploy.onMoved !== null && run.headSha !== null && run.headSha !== deploy.sha) throw movedRef()
    const seen = new Set(input.waiting.map(({ id, name }) => `${id} ${name}`))
    const isSame = waiting.length === seen.size && waiting.every(({ id, name }) => seen.has(`${id} ${name}`))
    const environment = waiting.find(({ id }) => id === input.environmentId)
    if (!isSame || environment === undefined)
      throw outdated('Other environments hold the run than those that were shown.')
    if (!environment.mayApprove || !Number.isSafeInteger(Number(environment.id))) {
      throw outdated('The console’s credentials may no longer review this environment.')
    }
    return environment
  } catch (error) {
    await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId: deploy.id } })
    throw error
  }
}

async function readFromGitHub({ github }: Pick<Deps, 'github'>, { repository }: Reviewed, runId: bigint) {
  try {
    const signal = AbortSignal.timeout(LOOKUP_TIMEOUT_MS)
    const [run, waiting] = await Promise.all([
      readRun(github, repository, runId, null, signal),
      readWaitingEnvironments(github, repository, runId),
    ])
    return { run, waiting }
  } catch (cause) {
    throw new AppError('github_unavailable', `GitHub did not say what the run waits for. ${NOTHING_SENT} Try again.`, {
      cause,
    })
  }
}

const movedRef = () =>
  new AppError(
    'ref_moved',
    `The chosen ref moved before GitHub started the run, which deploys another commit than the reviewed one. ${NOTHING_SENT} ` +
      'Review that commit, and decide on GitHub.',
  )

/** The deploy's lock lets only one of several concurrent decisions be sent. */
async function lockAndRecheck(tx: DatabaseHandle, deps: Deps, actor: Actor, input: ReviewEnvironmentInput) {
  await lockDeploy(tx, input.id)
  const deploy = await readReviewed(tx, input.id)
  const decided = await findDecision(tx, actor, input)
  if (decided !== null) return decided
  requireUnchanged(deploy, input)
  if (await hasAuditEvent(tx, deploy.id, 'console.deploy.ref_moved')) throw movedRef()
  const surface = { id: deploy.surfaceId, name: deploy.surface.name, environment: deploy.environment }
  if (input.decision === 'approved') await requireNotFrozenNow(tx, deps, deploy, surface)
  await requireCurrentRights(tx, actor, { needs: ['deploy.approve'], surface, at: deps.now() })
  const requester = { ...deploy, requestedByUserId: requireAnotherPerson(actor, deploy) }
  const requestedAt = deploy.approval?.requestedAt ?? deploy.requestedAt
  await requireIndependence(deps, tx, actor, { ...requester, requestedAt }, NOTHING_SENT)
  return null
}

/**
 * The run may have passed its own freeze check, so GitHub is asked now, whatever was read last. As at a dispatch, an override does not cover
 * DEPLOY_FREEZE, and credentials that never could read it do not stop a decision.
 */
async function requireNoVariableFreeze(deps: Deps, { environment, repository, surface }: Reviewed): Promise<void> {
  if (environment !== 'production') return
  const now = await readDeployFreeze(deps, repository)
  if (now === 'none') return
  const freeze = now === 'unread' ? knownDeployFreeze(surface) : now
  if (freeze !== null) {
    const { code, message, details } = deployFreezeRefusal(repository, freeze)
    throw new AppError(code, `${message} ${NOTHING_SENT}`, { details })
  }
  if (surface.deployFreezeReadAt === null) return
  throw new AppError(
    'github_unavailable',
    `GitHub did not say whether DEPLOY_FREEZE is set. ${NOTHING_SENT} Try again.`,
  )
}

/** The deploy overrides the freezes that were in force at its request, and no later ones. */
async function requireNotFrozenNow(
  tx: DatabaseHandle,
  deps: Pick<Deps, 'now'>,
  { overrideReason, overriddenFreezeIds }: Reviewed,
  surface: { readonly id: string; readonly name: string; readonly environment: string },
): Promise<void> {
  const override = overrideReason === null ? null : { reason: overrideReason, freezeIds: overriddenFreezeIds }
  const freezes = await freezesInForce(tx, surface, deps.now())
  const { refusals } = decideFreeze({ surface, freezes, override, asker: null })
  const [refusal] = refusals
  if (refusal === undefined) return
  throw new AppError(refusal.code, `${refusal.message} ${NOTHING_SENT}`, { details: refusal.details })
}

/**
 * The same person's decision that was recorded after GitHub was asked for the list that was shown. Null if there is none, or if GitHub
 * refused it. A crash after the question leaves `asked`, of which the outcome is unknown.
 *
 * @throws AppError `review_outdated` for a decision of another person, and for another decision
 */
async function findDecision(
  db: DatabaseHandle,
  actor: Actor,
  { id, runId, runAttempt, environmentId, readAt, decision }: ReviewEnvironmentInput,
): Promise<EnvironmentReviewAnswer | null> {
  const rows = await db.auditEvent.findMany({
    where: { deployId: id, action: { in: ['console.deploy.gate_approved', 'console.deploy.gate_rejected'] } },
    orderBy: { id: 'desc' },
    select: { action: true, status: true, payload: true, actor: true, at: true },
  })
  for (const row of rows) {
    const event = readAuditEvent(row)
    if (event?.action !== 'console.deploy.gate_approved' && event?.action !== 'console.deploy.gate_rejected') continue
    const { payload } = event
    if (payload.run_id !== runId || payload.run_attempt !== runAttempt || payload.environment_id !== environmentId)
      continue
    // The newest row of the environment is the outcome of the decision that it belongs to.
    const decided = { at: row.at.toISOString(), environmentId, outcome: payload.outcome }
    if (!isDecidedSince(readAt, environmentId, decided)) return null
    if (row.actor !== actor.name || event.action !== ACTIONS[decision]) {
      throw outdated(`${row.actor} has already decided about this environment.`)
    }
    return { decision, outcome: payload.outcome === 'accepted' ? 'accepted' : 'unknown' }
  }
  return null
}

const ACTIONS = {
  approved: 'console.deploy.gate_approved',
  rejected: 'console.deploy.gate_rejected',
} as const

const commentOf = ({ name }: Actor, { decision, reason }: ReviewEnvironmentInput): string =>
  `${decision === 'approved' ? 'Approved' : 'Rejected'} in Deploy Console by ${name}${reason === '' ? '.' : `: ${reason}`}`

interface RecordedReview extends ReviewEnvironmentInput {
  readonly environment: string
  readonly comment: string
  readonly outcome: (typeof REVIEW_OUTCOMES)[number]
  readonly detail?: string | undefined
}

async function recordReview(
  tx: DatabaseHandle,
  deps: Pick<Deps, 'now'>,
  actor: Actor,
  { id, surfaceId }: Reviewed,
  { decision, runId, runAttempt, environmentId, environment, comment, outcome, detail }: RecordedReview,
): Promise<void> {
  const subject = { actor: actor.name, at: deps.now(), deployId: id, surfaceId }
  const payload = {
    run_id: runId,
    run_attempt: runAttempt,
    environment_id: environmentId,
    environment,
    comment,
    outcome,
    ...(detail === undefined ? {} : { detail }),
  }
  await appendAuditEvent(tx, subject, { action: ACTIONS[decision], status: null, payload })
}
