import { createHmac, randomUUID } from 'node:crypto'
import type pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { CALLBACK_STATUSES, hasPosition } from '~/domain/deploy/status'
import { secretBytes } from '~/server/platform/verify-signature'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { insertSurfaces } from '~test/bench/fill'
import type { LoadRequest } from '~test/bench/load'

/** The callbacks of one deploy to production, as the deploy workflows send them. */
export const LIFE = CALLBACK_STATUSES.filter(hasPosition)

export interface PreparedDeploy {
  readonly id: string
  readonly surfaceId: string
  readonly runId: string
}

/** Adds deploys that GitHub has accepted and whose workflow is about to report, each with its own surface. */
export async function prepareDeploys(db: pg.Client, prefix: string, count: number): Promise<PreparedDeploy[]> {
  await insertSurfaces(db, { prefix, count, archived: true, origin: 'http://127.0.0.1:9' })
  const deploys = Array.from({ length: count }, (_, n) => ({
    id: uuidv7(),
    surfaceId: `${prefix}${n}`,
    runId: String(2_000_000_000 + n),
  }))
  await db.query(
    `INSERT INTO console_deploys (id, surface_id, environment, repository, workflow, ref, workflow_ref, sha, status,
       requested_by, idempotency_key, request_digest, phase_callbacks, github_run_id, requested_at_utc, last_event_at_utc)
     SELECT id, surface, 'production', 'acme/platform', 'deploy-console.yml', 'main', 'main', repeat('a', 40), 'dispatched',
       'operator', id::text, repeat('d', 64), true, run::bigint, now(), now()
     FROM unnest($1::uuid[], $2::text[], $3::text[]) AS prepared(id, surface, run)`,
    [deploys.map(({ id }) => id), deploys.map(({ surfaceId }) => surfaceId), deploys.map(({ runId }) => runId)],
  )
  return deploys
}

/** The same with the surfaces on the grid, each deploy being its surface's current one. */
export async function prepareRunning(db: pg.Client, prefix: string, count: number): Promise<PreparedDeploy[]> {
  const deploys = await prepareDeploys(db, prefix, count)
  await db.query(
    `UPDATE surfaces AS s SET archived_at_utc = NULL, last_deploy_id = d.id FROM console_deploys AS d
     WHERE d.surface_id = s.id AND d.id = ANY($1::uuid[])`,
    [deploys.map(({ id }) => id)],
  )
  return deploys
}

export const callbackBody = (status: string, runId: string) => ({
  status,
  log_line: `The workflow reports ${status.replaceAll('_', ' ')}.`,
  run_id: runId,
  run_attempt: 1,
})

/** One lane: the signed callbacks of one deploy, in order. */
export function signCallbacks(secret: string, deploy: PreparedDeploy): LoadRequest[] {
  const timestamp = String(Math.floor(Date.now() / 1000))
  return LIFE.map((status) => {
    const id = randomUUID()
    const body = JSON.stringify(callbackBody(status, deploy.runId))
    const mac = createHmac('sha256', secretBytes(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')
    return {
      method: 'POST',
      path: `/api/internal/deploys/${deploy.id}/status`,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${mac}`,
      },
      body,
      expect: 200,
    }
  })
}

export async function sendCallback(
  product: ConsoleUnderTest,
  { path, headers, body, expect }: LoadRequest,
): Promise<void> {
  const answer = await fetch(`${product.url}${path}`, { method: 'POST', headers: headers ?? {}, body: body ?? null })
  await answer.body?.cancel()
  if (answer.status !== expect) throw new Error(`A callback was answered ${answer.status}.`)
}
