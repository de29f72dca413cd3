import 'server-only'
import { decideFreeze } from '~/domain/deploy/admission'
import type { DispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import type { FreezeInForce } from '~/domain/freeze'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { insertDeploy, type NewDeploy } from '~/server/deploys/admit/insert-deploy'
import type { DatabaseHandle } from '~/server/platform/database'

/**
 * Inserts the intent. Throws `surface_locked` or `frozen` when a freeze or lock stands in its way, and then inserts nothing. An
 * override covers the freezes in force at this moment and no later one: a freeze that is opened while the run is under way still
 * stops it at the workflow's own freeze check.
 */
export async function insertUnlessFrozen(
  tx: DatabaseHandle,
  deploy: NewDeploy,
  request: {
    readonly surfaceName: string
    readonly override: NonNullable<DispatchInput['overrideFreeze']> | null
    readonly at: Date
    /** Those in force, read right before in the same transaction. */
    readonly freezes: readonly FreezeInForce[]
  },
): Promise<void> {
  const { override, at, freezes } = request
  const subject = { actor: deploy.requestedBy, at, surfaceId: deploy.surfaceId }
  const surface = { name: request.surfaceName, environment: deploy.environment }
  const overridden = requireNotFrozen({ surface, freezes, override })
  // Nothing to override: the freeze was lifted since the review, and the deploy is like any other.
  if (override === null || overridden.length === 0) {
    await insertDeploy(tx, deploy, at)
    return
  }
  await insertDeploy(tx, { ...deploy, overrideReason: override.reason, overriddenFreezeIds: [...overridden] }, at)
  await appendAuditEvent(
    tx,
    { ...subject, deployId: deploy.id },
    {
      action: 'console.deploy.freeze_overridden',
      status: null,
      payload: { reason: override.reason, freeze_ids: overridden },
    },
  )
}

/** Gives the freezes that the override covers. Throws `surface_locked` or `frozen` when another one is in force. */
export function requireNotFrozen(facts: Parameters<typeof decideFreeze>[0]): readonly string[] {
  const { overridden, refusals } = decideFreeze(facts)
  const [refusal] = refusals
  if (refusal === undefined) return overridden
  throw new AppError(refusal.code, `${refusal.message} Nothing was deployed.`, { details: refusal.details })
}
