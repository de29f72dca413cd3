import 'server-only'
import { z } from 'zod'
import { jsonTime } from '~/server/db/json-time'
import type { Statements } from '~/server/db/statements'

const surface = z.object({
  id: z.string(),
  name: z.string(),
  environment: z.string(),
  repository: z.string(),
  workflow: z.string(),
  ref: z.string(),
  confirm: z.string(),
  requiresApproval: z.boolean(),
  approvalMinutes: z.int(),
  archived: z.boolean(),
  /** What freezes production by the repository variable DEPLOY_FREEZE, as it was read last; null when nothing does. */
  deployFreeze: z.object({ reason: z.string(), readAt: jsonTime }).nullable(),
})

const request = z.object({
  asked: z.boolean(),
  deploy: z
    .object({
      id: z.string(),
      status: z.string(),
      // As text: within JSON, a number would lose what is past 2^53.
      githubRunId: z.string().transform(BigInt).nullable(),
      requestDigest: z.string(),
    })
    .nullable(),
  surface: surface.nullable(),
})

const answer = z.tuple([request])

/** A surface as it is declared: what a request for a deploy of it is judged by. */
export type RequestedSurface = z.output<typeof surface>

/**
 * `asked`: it waits for, or went through, an approval already. `deploy`: the one it became already. `surface`: null when there
 * is none of that id.
 */
export type RequestRow = z.output<typeof request>

/** What is known of a request for a deploy, in one statement: every dispatch begins with it (ADR 009). */
export async function readRequest(
  sql: Statements,
  asked: { readonly surfaceId: string; readonly requestedBy: string; readonly idempotencyKey: string },
): Promise<RequestRow> {
  const { surfaceId, requestedBy, idempotencyKey } = asked
  const rows = await sql.$queryRaw`
    SELECT EXISTS (SELECT FROM "approvals"
        WHERE "requested_by" = ${requestedBy} AND "idempotency_key" = ${idempotencyKey}) AS "asked",
      (SELECT json_build_object('id', "id", 'status', "status", 'githubRunId', "github_run_id"::text,
          'requestDigest', "request_digest")
        FROM "console_deploys"
        WHERE "requested_by" = ${requestedBy} AND "idempotency_key" = ${idempotencyKey}) AS "deploy",
      (SELECT json_build_object('id', "id", 'name', "name", 'environment', "environment", 'repository', "repository",
          'workflow', "workflow", 'ref', "ref", 'confirm', "confirm", 'requiresApproval', "requires_approval",
          'approvalMinutes', "approval_minutes", 'archived', "archived_at_utc" IS NOT NULL,
          'deployFreeze', CASE WHEN "deploy_freeze" IS NOT NULL
            THEN json_build_object('reason', "deploy_freeze", 'readAt', "deploy_freeze_read_at_utc") END)
        FROM "surfaces" WHERE "id" = ${surfaceId}) AS "surface"`
  return answer.parse(rows)[0]
}
