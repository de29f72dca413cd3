import 'server-only'
import type { DeployKind } from '~/domain/deploy/approval'
import type { DeployStatus } from '~/domain/deploy/status'
import { appendAuditEvent, tokenOwner } from '~/server/audit/append-audit'
import type { DatabaseHandle } from '~/server/platform/database'

/** The partial unique index that admits one active deploy per surface. */
export const ONE_ACTIVE_PER_SURFACE = 'console_deploys_one_active_per_surface'
/** What the trigger names when a deploy that has ended still holds the surface. */
export const HELD_BY_ENDED_DEPLOY = 'console_deploys_holding'

export interface NewDeploy {
  readonly id: string
  readonly surfaceId: string
  readonly environment: string
  readonly repository: string
  readonly workflow: string
  readonly ref: string
  readonly workflowRef: string
  readonly sha: string | null
  readonly reason: string | null
  readonly requestedBy: string
  readonly requestedByUserId: string
  readonly idempotencyKey: string
  readonly requestDigest: string
  readonly phaseCallbacks: boolean
  /** Only for a deploy that ships in spite of a freeze: why, and of which ones. */
  readonly overrideReason?: string
  readonly overriddenFreezeIds?: string[]
  readonly kind: DeployKind
  readonly sourceId: string | null
  /** Only for a surface that asks for a second person: the approval, which is granted in the same transaction. */
  readonly approvalId?: string
  readonly approvedBy?: string
}

/**
 * Inserts the intent as `requested`, makes it the surface's newest deploy and audits it, in the caller's transaction. Violates a
 * unique index when the surface already has an active deploy, or the idempotency key is taken.
 */
export async function insertDeploy(tx: DatabaseHandle, deploy: NewDeploy, at: Date): Promise<void> {
  const { id, surfaceId } = deploy
  const status: DeployStatus = 'requested'
  // Copied: history stays true when the file changes.
  const mayReport = await tx.surface.findUniqueOrThrow({
    where: { id: surfaceId },
    select: { callbacks: true, repositoryId: true },
  })
  await tx.deploy.create({
    data: { ...deploy, ...mayReport, status, requestedAt: at, lastEventAt: at },
    select: { id: true },
  })
  await tx.surface.update({ where: { id: surfaceId }, data: { lastDeployId: id }, select: { id: true } })
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
        ...tokenOwner({ name: deploy.requestedBy, userId: deploy.requestedByUserId }),
      },
    },
  )
}
