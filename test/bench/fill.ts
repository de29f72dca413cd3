import type pg from 'pg'
import type { KeptJobs } from '~/domain/deploy/run-jobs'
import { DEPLOY_STATUSES, hasPosition, isCallbackStatus } from '~/domain/deploy/status'

const FILL_CHANNEL = '01900000-0000-7000-8000-00000000ffff'

/** The number of surfaces on the grid during the benchmark. The stored deploys are spread evenly over them. */
export const GRID_SURFACES = 12

/** The id of the n-th stored deploy: ordered by request time, like the product's UUIDv7s. */
export function storedDeployId(n: number): string {
  const hex = n.toString(16).padStart(8, '0')
  return `01900000-${hex.slice(0, 4)}-7${hex.slice(4, 7)}-8000-${hex.padStart(12, '0')}`
}

const SQL_ID = `(
  '01900000-' || substr(lpad(to_hex(n), 8, '0'), 1, 4) || '-7' || substr(lpad(to_hex(n), 8, '0'), 5, 3)
  || '-8000-' || lpad(to_hex(n), 12, '0')
)::uuid`

/** The statuses of a successful deploy, and how many of them its workflow reports. */
const LIFE = DEPLOY_STATUSES.filter(hasPosition)
const REPORTS = LIFE.filter(isCallbackStatus).length
const SQL_LIFE = `ARRAY[${LIFE.map((status) => `'${status}'`)}]`

export const gridSurface = (n: number, surfaces = GRID_SURFACES): string => `grid-${n % surfaces}`

/** Adds declared surfaces. Archived ones are neither on the grid nor probed. */
export async function insertSurfaces(
  db: pg.Client,
  { prefix, count, archived, origin }: { prefix: string; count: number; archived: boolean; origin: string },
): Promise<void> {
  await db.query(
    `INSERT INTO surfaces (id, name, environment, repository, workflow, ref, url, health_url, confirm, timeout_minutes,
       position, archived_at_utc)
     SELECT $1 || n, $1 || n, 'production', 'acme/platform', 'deploy-console.yml', 'main', $3, $3 || '/health', $1 || n,
       30, n, CASE WHEN $4 THEN now() END
     FROM generate_series(0, $2::int - 1) AS n`,
    [prefix, count, origin, archived],
  )
}

export const insertGridSurfaces = (db: pg.Client, origin: string, count = GRID_SURFACES) =>
  insertSurfaces(db, { prefix: 'grid-', count, archived: false, origin })

interface Filling {
  readonly surfaces?: number
  /** Retention has deleted the log lines and receipts of older deploys. */
  readonly logsFrom?: number
  readonly receiptsFrom?: number
}

/**
 * Adds finished deploys `from` … `to` with all rows that a deploy leaves: an audit row per status, and a log line and a
 * receipt per report, deploy by deploy as in real use. Foreign keys are correct by construction and not checked row by row,
 * or a million deploys would take too long.
 */
export async function fillDeploys(
  db: pg.Client,
  from: number,
  to: number,
  { surfaces = GRID_SURFACES, logsFrom = 1, receiptsFrom = 1 }: Filling = {},
): Promise<void> {
  await db.query('BEGIN')
  await db.query(`SET LOCAL session_replication_role = replica`)
  await db.query(`SET LOCAL synchronous_commit = off`)
  await db.query(`SET LOCAL work_mem = '512MB'`)
  await db.query(
    `INSERT INTO console_deploys (id, surface_id, environment, repository, workflow, ref, workflow_ref, sha, status,
       requested_by, idempotency_key, request_digest, phase_callbacks, github_run_id, github_run_attempt, log_count,
       requested_at_utc, last_event_at_utc, finished_at_utc, shipped)
     SELECT ${SQL_ID}, 'grid-' || n % ${surfaces}, 'production', 'acme/platform', 'deploy-console.yml', 'main', 'main',
       md5('' || n) || '00000000', 'succeeded', 'operator', 'stored-' || n, repeat('d', 64), true, 1000000000 + n, 1, ${REPORTS},
       at, at + interval '5 minutes', at + interval '5 minutes', 'yes'
     FROM (SELECT n, timestamptz '2024-01-01' + n * interval '1 minute' AS at FROM generate_series($1::int, $2::int) AS n)`,
    [from, to],
  )
  await db.query(
    `INSERT INTO audit_events (at_utc, actor, action, deploy_id, surface_id, status, payload)
     SELECT timestamptz '2024-01-01' + n * interval '1 minute' + step * interval '30 seconds', 'workflow',
       CASE step WHEN 1 THEN 'console.deploy.requested' WHEN 2 THEN 'console.deploy.dispatched'
         ELSE 'console.deploy.callback' END,
       ${SQL_ID}, 'grid-' || n % ${surfaces}, (${SQL_LIFE})[step],
       jsonb_build_object('webhook_id', 'stored-' || n || '-' || step, 'from', (${SQL_LIFE})[greatest(step - 1, 1)])
     FROM generate_series($1::int, $2::int) AS n, generate_series(1, ${LIFE.length}) AS step ORDER BY n, step`,
    [from, to],
  )
  await db.query(
    `INSERT INTO deploy_log_lines (deploy_id, seq, line, at_utc)
     SELECT ${SQL_ID}, seq, 'Line ' || seq || ' of what the workflow said while it worked.',
       timestamptz '2024-01-01' + n * interval '1 minute'
     FROM generate_series($1::int, $2::int) AS n, generate_series(1, ${REPORTS}) AS seq ORDER BY n, seq`,
    [Math.max(from, logsFrom), to],
  )
  await db.query(
    `INSERT INTO callback_receipts (webhook_id, deploy_id, status, outcome, received_at_utc)
     SELECT 'stored-' || n || '-' || step, ${SQL_ID}, 'building', 'applied', timestamptz '2024-01-01'
     FROM generate_series($1::int, $2::int) AS n, generate_series(1, ${REPORTS}) AS step ORDER BY n, step`,
    [Math.max(from, receiptsFrom), to],
  )
  await db.query(
    `UPDATE surfaces SET last_deploy_id = newest.id
     FROM (SELECT DISTINCT ON (surface_id) surface_id, id FROM console_deploys
       WHERE id > $1::uuid ORDER BY surface_id, id DESC) AS newest
     WHERE newest.surface_id = surfaces.id AND surfaces.id LIKE 'grid-%'`,
    [storedDeployId(Math.max(0, to - 2 * surfaces))],
  )
  await db.query('COMMIT')
}

const step = (number: number, name: string) => ({
  ...{ number, name, status: 'completed', conclusion: 'success' },
  ...{ startedAt: '2026-01-05T09:30:11Z', endedAt: '2026-01-05T09:30:42Z' },
})
const job = (name: string, steps: readonly string[]) => ({
  ...{ id: '30433642001', name, status: 'completed', conclusion: 'success', labels: ['ubuntu-latest'], moreSteps: 0 },
  ...{ createdAt: '2026-01-05T09:30:00Z', startedAt: '2026-01-05T09:30:08Z', endedAt: '2026-01-05T09:33:10Z' },
  steps: ['Set up job', 'Check out', ...steps, 'Post Check out', 'Complete job'].map((text, n) => step(n + 1, text)),
})
const JOBS: KeptJobs = {
  jobs: [
    job('smoke', ['Notify — smoke gate started', 'Smoke gate', 'Notify — smoke gate passed']),
    job('freeze-check', ['Notify — freeze check started', 'Freeze check', 'Notify — freeze check passed']),
    job('deploy', [
      'Notify — building',
      'Build',
      'Push',
      'Deploy',
      'Notify — deploying',
      'Health check',
      'Notify — succeeded',
    ]),
  ],
  moreJobs: 0,
}

/** Adds what GitHub's record, the sealer and a channel leave beside `fillDeploys`, for a measurement of the size. */
export async function fillRecords(db: pg.Client, from: number, to: number): Promise<void> {
  await db.query('BEGIN')
  await db.query(`SET LOCAL session_replication_role = replica`)
  await db.query(`SET LOCAL synchronous_commit = off`)
  await db.query(
    `INSERT INTO run_attempts (deploy_id, attempt, run_id, jobs, seen_at_utc)
     SELECT ${SQL_ID}, 1, 1000000000 + n, $3::json, timestamptz '2024-01-01' FROM generate_series($1::int, $2::int) AS n`,
    [from, to, JSON.stringify(JOBS)],
  )
  await db.query(
    `INSERT INTO delivery_channels (id, kind, name, created_by, created_at_utc, removed_at_utc)
     VALUES ($1, 'slack', 'fill', 'operator', now(), now()) ON CONFLICT DO NOTHING`,
    [FILL_CHANNEL],
  )
  await db.query(
    `INSERT INTO deliveries (channel_id, deploy_id, state, attempts, last_status, created_at_utc, updated_at_utc)
     SELECT $3, ${SQL_ID}, 'sent', 1, 200, now(), now() FROM generate_series($1::int, $2::int) AS n`,
    [from, to, FILL_CHANNEL],
  )
  await db.query(
    `INSERT INTO audit_seals (seq, audit_event_id, version, sealed_at_utc, previous_hash, hash)
     SELECT id, id, 1, now(), sha256(int8send(id - 1)), sha256(int8send(id)) FROM audit_events
     WHERE id > (SELECT coalesce(max(audit_event_id), 0) FROM audit_seals) ORDER BY id`,
  )
  await db.query('COMMIT')
}

/** Replaces the logs of the stored deploys 1 … `deploys` by longer ones. */
export async function fillLogs(db: pg.Client, deploys: number, lines: number): Promise<void> {
  const ids = Array.from({ length: deploys }, (_, n) => storedDeployId(n + 1))
  await db.query('DELETE FROM deploy_log_lines WHERE deploy_id = ANY($1::uuid[])', [ids])
  await db.query(
    `INSERT INTO deploy_log_lines (deploy_id, seq, line, at_utc)
     SELECT id, seq, 'Line ' || seq || ' of what the workflow said while it worked.', timestamptz '2024-01-01'
     FROM unnest($1::uuid[]) AS id, generate_series(1, $2::int) AS seq`,
    [ids, lines],
  )
  await db.query('UPDATE console_deploys SET log_count = $2 WHERE id = ANY($1::uuid[])', [ids, lines])
}

/** Does what autovacuum does in a long-running installation (statistics, visibility map), and flushes the write-ahead log. */
export async function settle(db: pg.Client): Promise<void> {
  await db.query('VACUUM (ANALYZE)')
  await db.query('CHECKPOINT')
}
