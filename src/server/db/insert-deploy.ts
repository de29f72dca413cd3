import 'server-only'
import type { DeployKind } from '~/domain/approval'
import type { AuditEvent } from '~/domain/audit-event'
import type { DeployStatus } from '~/domain/deploy-status'
import { tokenOwner } from '~/server/db/audit'
import type { Statements } from '~/server/db/statements'

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
 * Commits nothing itself: inserts the intent as `requested`, makes it the surface's newest deploy, and audits it, in one
 * statement. Violates a unique index when the surface already has an active deploy, or the idempotency key is taken.
 */
export async function insertDeploy(tx: Statements, deploy: NewDeploy, at: Date): Promise<void> {
  const status: DeployStatus = 'requested'
  const event: AuditEvent = {
    action: 'console.deploy.requested',
    status,
    payload: {
      ref: deploy.ref,
      sha: deploy.sha,
      environment: deploy.environment,
      reason: deploy.reason,
      ...tokenOwner({ name: deploy.requestedBy, userId: deploy.requestedByUserId }),
    },
  }
  await tx.$executeRaw`
    WITH deploy AS (
      INSERT INTO "console_deploys" ("id", "surface_id", "environment", "repository", "workflow", "ref", "workflow_ref", "sha",
        "reason", "status", "requested_by", "requested_by_user_id", "idempotency_key", "request_digest", "phase_callbacks",
        "requested_at_utc", "last_event_at_utc", "override_reason", "overridden_freeze_ids", "kind", "source_id",
        "approval_id", "approved_by", "callbacks", "repository_id")
      VALUES (${deploy.id}::uuid, ${deploy.surfaceId}, ${deploy.environment}, ${deploy.repository}, ${deploy.workflow},
        ${deploy.ref}, ${deploy.workflowRef}, ${deploy.sha}, ${deploy.reason}, ${status}, ${deploy.requestedBy},
        ${deploy.requestedByUserId}::uuid, ${deploy.idempotencyKey}, ${deploy.requestDigest}, ${deploy.phaseCallbacks},
        ${at}, ${at}, ${deploy.overrideReason ?? null}, ${deploy.overriddenFreezeIds ?? []}::uuid[], ${deploy.kind},
        ${deploy.sourceId}, ${deploy.approvalId ?? null}::uuid, ${deploy.approvedBy ?? null},
        (SELECT "callbacks" FROM "surfaces" WHERE "id" = ${deploy.surfaceId}),
        (SELECT "repository_id" FROM "surfaces" WHERE "id" = ${deploy.surfaceId}))
      RETURNING "id", "surface_id"),
    newest AS (
      UPDATE "surfaces" SET "last_deploy_id" = deploy."id" FROM deploy WHERE "surfaces"."id" = deploy."surface_id")
    INSERT INTO "audit_events" ("at_utc", "actor", "action", "deploy_id", "surface_id", "status", "payload")
    SELECT ${at}, ${deploy.requestedBy}, ${event.action}, deploy."id", deploy."surface_id", ${event.status},
      ${JSON.stringify(event.payload)}::jsonb
    FROM deploy`
}
