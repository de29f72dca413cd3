import 'server-only'
import { FREEZE_CHECKS, firstRefusal, type Refusal } from '~/domain/admission'
import type { DispatchInput } from '~/domain/deploy'
import { appendAuditEvent } from '~/server/db/audit'
import type { DatabaseHandle } from '~/server/db/client'
import { insertDeploy, type NewDeploy } from '~/server/db/deploys'
import { freezesInForce } from '~/server/db/freezes'

/**
 * Inserts the intent unless a freeze or lock stands in its way, which it then returns; all in the caller's transaction. An
 * override covers the freezes in force at this moment and no later one: a freeze that is opened while the run is under way still stops it at the workflow's own freeze check.
 */
export async function insertUnlessFrozen(
  tx: DatabaseHandle,
  deploy: NewDeploy,
  request: {
    readonly surfaceName: string
    readonly override: NonNullable<DispatchInput['overrideFreeze']> | null
    readonly at: Date
  },
): Promise<Refusal | null> {
  const { override, at } = request
  const subject = { actor: deploy.requestedBy, at, surfaceId: deploy.surfaceId }
  const freezes = await freezesInForce(tx, { id: deploy.surfaceId, environment: deploy.environment }, at)
  const overridden =
    override === null ? [] : freezes.map(({ id }) => id).filter((id) => override.freezeIds?.includes(id) ?? true)
  const surface = { name: request.surfaceName, environment: deploy.environment }
  const refusal = firstRefusal(FREEZE_CHECKS, { surface, freezes, overridden })
  if (refusal !== null) return refusal
  // Nothing to override: the freeze was lifted since the review, and the deploy is like any other.
  if (override === null || overridden.length === 0) {
    await insertDeploy(tx, deploy, at)
    return null
  }
  await insertDeploy(tx, { ...deploy, overrideReason: override.reason, overriddenFreezeIds: overridden }, at)
  await appendAuditEvent(
    tx,
    { ...subject, deployId: deploy.id },
    {
      action: 'console.deploy.freeze_overridden',
      status: null,
      payload: { reason: override.reason, freeze_ids: overridden },
    },
  )
  return null
}
