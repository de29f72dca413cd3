import 'server-only'
import type { Actor } from '~/domain/actor'
import { fillInputs } from '~/domain/deploy/inputs'
import type { DispatchAnswer, DispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { admitRequest, requireSameRunning } from '~/server/deploys/admit/admit-request'
import { auditRejections } from '~/server/deploys/admit/audit-rejections'
import { kindOf } from '~/server/deploys/admit/check-source'
import type { ChosenInputs } from '~/server/deploys/admit/choose-inputs'
import { requireCurrentRights } from '~/server/deploys/admit/current-rights'
import { explainBusySurface, ROLLBACK_NOT_QUEUED } from '~/server/deploys/admit/explain-busy-surface'
import { insertUnlessFrozen, type NewDeploy } from '~/server/deploys/admit/insert-deploy'
import {
  digestRequest,
  idempotencyMismatch,
  type RequestedSurface,
  type RequestRow,
  readRequest,
  requestKey,
} from '~/server/deploys/admit/read-request'
import { answerOf, DISPATCH_FLAGS, type Intent, sendIntent } from '~/server/deploys/dispatch/send-intent'
import type { Deps } from '~/server/deps'
import { readFlags } from '~/server/flags/flags'
import { freezesInForce } from '~/server/freezes/freezes-in-force'
import { type DatabaseHandle, violatedUniqueIndex } from '~/server/platform/database'
import { presentTraceparent } from '~/server/platform/tracing'

/** The turn of a queued request. */
export interface Turn {
  /** Of the request as it was queued. */
  readonly requestDigest: string
  /** The surface's newest deploy when the turn came: nothing is committed after another one. */
  readonly after: string | null
  /** Runs in the transaction of the intent, before its insert. If it throws, nothing is committed. */
  readonly check: (tx: DatabaseHandle) => Promise<void>
  /** Runs in the transaction of the intent, after its insert. If it throws, nothing is committed. */
  readonly commit: (tx: DatabaseHandle, deployId: string) => Promise<void>
}

/** Runs first in the transaction that records an intent. If it throws, nothing is recorded. */
export type IntentGuard = (tx: DatabaseHandle) => Promise<void>

interface Conditions {
  readonly turn?: Turn | undefined
  readonly guard?: IntentGuard | undefined
}

/**
 * Ships a ref to a surface (docs/contract.md, "Dispatch"): checks the request, commits the intent, asks GitHub once. A repetition
 * under the same idempotency key returns the existing deploy. A refusal leaves an audit row. Surfaces that require approval go
 * through `requestDeploy`, which passes on the request that it has read. A queued request has its turn here too.
 *
 * @throws AppError `surface_unknown`, `permission_refused`, `proof_stale`, `surface_archived`, `surface_changed`, `confirmation_mismatch`,
 *   `source_refused`, `approval_required`, `checklist_incomplete`, `surface_locked`, `frozen`, `surface_busy`, `ref_moved`, `running_changed`, `workflow_unfit`, `inputs_refused`, `ref_unknown`, `ref_ambiguous`, `ref_unfit`,
 *   `idempotency_mismatch`, `github_unavailable` (while checking the ref; nothing is recorded then)
 */
export function dispatchDeploy(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  known?: RequestRow,
  { turn, guard }: Conditions = {},
): Promise<DispatchAnswer> {
  // The end of a queued request has its own audit event, and a turn that fails for a time is not an act of the requester.
  if (turn !== undefined) return dispatch(deps, actor, input, known, { turn, guard })
  return auditRejections(deps, actor, input, () => dispatch(deps, actor, input, known, { turn, guard }))
}

async function dispatch(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  known: RequestRow | undefined,
  { turn, guard }: Conditions,
): Promise<DispatchAnswer> {
  const since = deps.now()
  const requestDigest = turn?.requestDigest ?? digestRequest(input)
  const key = { requestedBy: actor.name, idempotencyKey: requestKey(actor, input.idempotencyKey) }
  const read = () => readRequest(deps.db, { surfaceId: input.surfaceId, ...key })
  const request = known ?? (await read())
  if (request.deploy !== null) return answerRepetition(request.deploy, requestDigest)

  const { surface, resolved, workflowRef, inputs, checklist, source, isRollback } = await admitRequest(
    deps,
    actor,
    input,
    request.surface,
  )
  if (surface.requiresApproval) throw approvalRequired(surface)
  const requested: RequestedDeploy = {
    id: deps.newId(),
    surfaceId: surface.id,
    environment: surface.environment,
    repository: surface.repository,
    workflow: surface.workflow,
    ref: resolved.ref,
    workflowRef,
    onMoved: surface.onMoved,
    sha: resolved.sha,
    reason: input.reason || null,
    requestedBy: actor.name,
    requestedByUserId: actor.userId,
    idempotencyKey: key.idempotencyKey,
    requestDigest,
    checklist,
    ...kindOf(source),
  }
  let intent: Intent
  try {
    intent = await commitIntent(deps, actor, requested, {
      surface,
      inputs,
      isRollback,
      override: input.overrideFreeze ?? null,
      reviewedRunningSha: input.reviewedRunningSha,
      turn,
      guard,
    })
  } catch (error) {
    // Either a concurrent repetition inserted first, or the surface is busy. The violated index tells which.
    const earlier = violatedUniqueIndex(error) === null ? null : (await read()).deploy
    if (earlier !== null) return answerRepetition(earlier, requestDigest)
    throw await explainBusySurface(deps, error, surface, whatNext(input))
  }
  return sendIntent(deps, intent, since)
}

type RequestedDeploy = Omit<NewDeploy, 'phaseCallbacks' | 'inputs'>

/** Commits the intent, unless the actor has lost a right or a freeze or lock is in force. Sends nothing. */
function commitIntent(
  deps: Deps,
  actor: Actor,
  requested: RequestedDeploy,
  request: {
    readonly surface: RequestedSurface
    readonly inputs: ChosenInputs
    readonly isRollback: boolean
    readonly override: NonNullable<DispatchInput['overrideFreeze']> | null
    readonly reviewedRunningSha: DispatchInput['reviewedRunningSha']
    readonly turn: Turn | undefined
    readonly guard: IntentGuard | undefined
  },
): Promise<Intent> {
  const { surface, override } = request
  const at = deps.now()
  const needs = override === null ? (['deploy.dispatch'] as const) : (['deploy.dispatch', 'freeze.override'] as const)
  return deps.db.$transaction(async (tx) => {
    await request.guard?.(tx)
    await requireCurrentRights(tx, actor, { needs, surface, at })
    await requireSameRunning(tx, surface, request.reviewedRunningSha)
    const flags = await readFlags({ ...deps, db: tx }, DISPATCH_FLAGS, surface.environment)
    const facts = { ...requested, phaseCallbacks: flags.FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS }
    const { templates, asked } = request.inputs
    const deploy = {
      ...facts,
      inputs: { ...fillInputs(templates, { ...facts, traceparent: presentTraceparent() }), ...asked },
    }
    const freezes = await freezesInForce(tx, surface, at)
    await request.turn?.check(tx)
    await insertUnlessFrozen(tx, deploy, {
      surfaceName: surface.name,
      override,
      at,
      declaration: surface.declaration,
      freezes,
      isRollback: request.isRollback,
      newId: deps.newId,
      ...(request.turn === undefined ? {} : { turnAfter: request.turn.after }),
    })
    await request.turn?.commit(tx, deploy.id)
    return { deploy, answersAtOnce: flags.FLAG_CONSOLE_DEPLOY_ASYNC }
  })
}

function answerRepetition(earlier: NonNullable<RequestRow['deploy']>, requestDigest: string): DispatchAnswer {
  if (earlier.requestDigest === requestDigest) return answerOf(earlier)
  const { code, message } = idempotencyMismatch
  throw new AppError(code, message, { details: { deploy_id: earlier.id } })
}

/** What to do while another deploy has the surface. */
function whatNext({ source, overrideFreeze }: DispatchInput): string {
  if (source?.kind === 'rollback') return ROLLBACK_NOT_QUEUED
  return overrideFreeze === undefined
    ? 'Follow that deploy, wait until it has ended, or queue this one.'
    : 'Follow that deploy, or wait until it has ended.'
}

const approvalRequired = ({ name }: RequestedSurface) =>
  new AppError(
    'approval_required',
    `${name} requires another person’s approval. Nothing was deployed. Request an approval.`,
  )
