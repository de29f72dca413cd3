import 'server-only'
import type { DeployKind } from '~/domain/deploy/approval'
import type { DispatchInput } from '~/domain/deploy/request'
import type { DeployStatus } from '~/domain/deploy/status'
import { ARMED_ACTOR } from '~/domain/deploy/watch'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { decideFreeze, type FreezePass } from '~/domain/freeze/decide-freeze'
import type { StandingFreeze } from '~/domain/freeze/freeze'
import { appendAuditEvent, tokenOwner } from '~/server/audit/append-audit'
import { armDeploy, disarmWatches } from '~/server/deploys/deploy-watch'
import { freezeEvent } from '~/server/freezes/freeze-view'
import { insertUnlessLocked, replaceEndedLocks } from '~/server/freezes/freezes'
import { rollbackReason } from '~/server/freezes/lift-rollback-lock'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'
import { declaredColumns, digestDeclaration } from '~/server/surfaces/declare/declarations'

/**
 * Inserts the intent. Throws `surface_locked` or `frozen`, with nothing inserted, when a freeze or lock is in force. An override
 * covers the freezes in force now. A freeze that is opened later still stops the run at the workflow's own freeze check.
 */
export async function insertUnlessFrozen(
  tx: DatabaseHandle,
  deploy: NewDeploy,
  request: {
    readonly surfaceName: string
    readonly override: NonNullable<DispatchInput['overrideFreeze']> | null
    readonly at: Date
    /** The declaration that the request was checked against (`digestDeclaration`). */
    readonly declaration: string
    /** The freezes in force, read in the same transaction. */
    readonly freezes: readonly StandingFreeze[]
    /** Whether the deploy is proven to be a rollback (`proveRollback`). */
    readonly isRollback: boolean
    readonly newId: () => string
    /** Only for the turn of a queued request: the newest deploy when the turn came. Throws `NotNewest` after another one. */
    readonly turnAfter?: string | null
  },
): Promise<void> {
  const { override, at, declaration, freezes, isRollback, turnAfter } = request
  const subject = { actor: deploy.requestedBy, at, surfaceId: deploy.surfaceId }
  const surface = { name: request.surfaceName, environment: deploy.environment }
  // Nobody looks at a turn, so no lock lets its holder pass.
  const asker = {
    name: deploy.requestedBy,
    userId: turnAfter === undefined ? deploy.requestedByUserId : null,
    isRollback,
  }
  const { overridden, passed } = requireNotFrozen({ surface, freezes, override, asker })
  // The freeze was lifted after the review: the deploy overrides nothing.
  if (override === null || overridden.length === 0) {
    await insertDeploy(tx, deploy, { at, declaration, turnAfter })
    await recordPasses(tx, { ...subject, deployId: deploy.id }, passed)
    if (deploy.kind === 'rollback') await lockAfterRollback(tx, deploy, { at, id: request.newId() })
    return
  }
  const overriding = { overrideReason: override.reason, overriddenFreezeIds: [...overridden] }
  await insertDeploy(tx, { ...deploy, ...overriding }, { at, declaration })
  await appendAuditEvent(
    tx,
    { ...subject, deployId: deploy.id },
    {
      action: 'console.deploy.freeze_overridden',
      status: null,
      payload: { reason: override.reason, freeze_ids: overridden },
    },
  )
  await recordPasses(tx, { ...subject, deployId: deploy.id }, passed)
  if (deploy.kind === 'rollback') await lockAfterRollback(tx, deploy, { at, id: request.newId() })
}

/**
 * Locks the surface, so that nobody deploys again what was just rolled back (ADR 058). Another rollback passes. A surface that is locked
 * already keeps its lock.
 */
async function lockAfterRollback(
  tx: DatabaseHandle,
  deploy: NewDeploy,
  { at, id }: { readonly at: Date; readonly id: string },
): Promise<void> {
  const { surfaceId } = deploy
  await replaceEndedLocks(tx, { surfaceId, kind: 'lock', now: at })
  const lock = await insertUnlessLocked(tx, {
    id,
    kind: 'lock',
    environment: null,
    surfaceId,
    reason: rollbackReason(deploy.sha, deploy.requestedBy === ARMED_ACTOR),
    startsAt: at,
    endsAt: null,
    rollbacksPass: true,
    rollbackDeployId: deploy.id,
    createdBy: deploy.requestedBy,
    createdByUserId: deploy.requestedByUserId,
    createdAt: at,
  })
  if (lock === null) return
  const subject = { actor: deploy.requestedBy, at, surfaceId, deployId: deploy.id }
  await appendAuditEvent(tx, subject, freezeEvent('console.freeze.opened', lock))
}

/** One row for each reason for which freezes let the deploy pass. */
async function recordPasses(
  tx: DatabaseHandle,
  subject: Parameters<typeof appendAuditEvent>[1],
  passed: readonly FreezePass[],
): Promise<void> {
  for (const because of ['holder', 'rollback'] as const) {
    const ids = passed.filter((pass) => pass.because === because).map(({ freeze }) => freeze.id)
    if (ids.length === 0) continue
    const payload = { freeze_ids: ids, because }
    await appendAuditEvent(tx, subject, { action: 'console.deploy.freeze_passed', status: null, payload })
  }
}

/** Returns what the freezes in force allow. Throws `surface_locked` or `frozen` when one of them refuses. */
export function requireNotFrozen(facts: Parameters<typeof decideFreeze>[0]): ReturnType<typeof decideFreeze> {
  const decision = decideFreeze(facts)
  const [refusal] = decision.refusals
  if (refusal === undefined) return decision
  throw new AppError(refusal.code, `${refusal.message} Nothing was deployed.`, { details: refusal.details })
}

/** The partial unique index that admits one active deploy per surface. */
export const ONE_ACTIVE_PER_SURFACE = 'console_deploys_one_active_per_surface'
/** The constraint that the trigger reports when an ended deploy still holds the surface. */
export const HELD_BY_ENDED_DEPLOY = 'console_deploys_holding'

export interface NewDeploy {
  readonly id: string
  readonly surfaceId: string
  readonly environment: string
  readonly repository: string
  readonly workflow: string
  readonly ref: string
  readonly workflowRef: string
  /** What happens if the chosen ref moves before its run starts; null: the run does not start on it. */
  readonly onMoved: string | null
  readonly sha: string
  readonly reason: string | null
  readonly requestedBy: string
  readonly requestedByUserId: string
  readonly idempotencyKey: string
  readonly requestDigest: string
  readonly phaseCallbacks: boolean
  /** As sent to the workflow. */
  readonly inputs: Record<string, string>
  /** The ticked lines of the checklist. */
  readonly checklist: string[]
  /** Only for a deploy that overrides freezes: the reason, and the freezes. */
  readonly overrideReason?: string
  readonly overriddenFreezeIds?: string[]
  readonly kind: DeployKind
  readonly sourceId: string | null
  /** Only for a surface that requires approval: the approval, which is granted in the same transaction. */
  readonly approvalId?: string
  readonly approvedBy?: string
}

/** Another deploy of the surface came between the turn of a queued request and its insert. */
export class NotNewest extends Error {}

export const declarationChanged = (name: string) =>
  new AppError(
    'surface_changed',
    `What surfaces.yaml says about ${inSentence(name)}, or what this version of the console reads of it, has changed since the review. Nothing was deployed. Review the deploy again.`,
  )

/**
 * Inserts the intent as `requested`, makes it the surface's newest deploy and audits it, in the caller's transaction. Throws
 * `surface_changed` when the declaration is no longer the one that the request was checked against. Violates a
 * unique index when the surface already has an active deploy, or the idempotency key is in use.
 */
export async function insertDeploy(
  tx: DatabaseHandle,
  deploy: NewDeploy,
  {
    at,
    declaration,
    turnAfter,
  }: { readonly at: Date; readonly declaration: string; readonly turnAfter?: string | null | undefined },
): Promise<void> {
  const { id, surfaceId } = deploy
  const status: DeployStatus = 'requested'
  // Copied, so that a later change of surfaces.yaml does not change history.
  const surface = await tx.surface.findUniqueOrThrow({ where: { id: surfaceId }, select: declaredColumns })
  requireSameDeclaration(surface, declaration)
  const { callbacks, repositoryId, phaseJobs, probeSeconds, githubEnvironment } = surface
  await tx.deploy.create({
    data: {
      ...deploy,
      callbacks,
      repositoryId,
      probeSeconds,
      githubEnvironment,
      phaseJobs: phaseJobs ?? Prisma.DbNull,
      status,
      requestedAt: at,
      lastEventAt: at,
    },
    select: { id: true },
  })
  // The update waits for a concurrent change of the declaration, and returns the row after it.
  const [updated] = await tx.surface.updateManyAndReturn({
    where: { id: surfaceId, ...(turnAfter === undefined ? {} : { lastDeployId: turnAfter }) },
    data: { lastDeployId: id },
    select: declaredColumns,
  })
  if (updated === undefined) throw new NotNewest()
  requireSameDeclaration(updated, declaration)
  const { rollbackMode, watchMinutes } = surface
  if (rollbackMode !== null && watchMinutes !== null)
    await armDeploy(tx, deploy, { rollbackMode, watchMinutes, declaration })
  const why = { because: 'newer_deploy', actor: deploy.requestedBy, at } as const
  await disarmWatches(tx, { surfaceId, except: id }, why)
  await appendAuditEvent(
    tx,
    { actor: deploy.requestedBy, at, deployId: id, surfaceId },
    {
      action: 'console.deploy.requested',
      status,
      payload: {
        ref: deploy.ref,
        sha: deploy.sha,
        environment: deploy.environment,
        reason: deploy.reason,
        ...(deploy.checklist.length === 0 ? {} : { checklist: deploy.checklist }),
        ...tokenOwner({ name: deploy.requestedBy, userId: deploy.requestedByUserId }),
      },
    },
  )
}

function requireSameDeclaration(surface: Parameters<typeof digestDeclaration>[0], declaration: string): void {
  if (surface.archivedAt !== null || digestDeclaration(surface) !== declaration) throw declarationChanged(surface.name)
}
