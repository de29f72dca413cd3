import { createHash, randomBytes } from 'node:crypto'
import path from 'node:path'
import pg from 'pg'
import { runningDatabase } from '~/launch/database/embedded-postgres'
import { generatedSecrets } from '~/launch/secrets'
import { cookieOf } from '~test/support/sessions'
import type { Product } from '~test/support/start-product'

/** For states that a test cannot reach through the UI: time that has passed, or an account of another kind. */
async function query({ dataDir }: Product, text: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
  const connectionString = (await runningDatabase(path.join(dataDir, 'postgres'), 'sandbox'))?.ownerUrl
  if (connectionString === undefined) throw new Error('the product has no embedded database that runs')
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return (await client.query(text, [...values])).rows
  } finally {
    await client.end()
  }
}

/** Makes everybody's last proof of identity an hour old. */
export const ageProofs = (product: Product) =>
  query(product, `UPDATE sessions SET proved_at_utc = now() - interval '1 hour'`)

/** Signs an account in without its password, because sign-ins are rate-limited. Returns the cookie's value. */
export async function openSession(product: Product, email: string): Promise<string> {
  const token = randomBytes(24).toString('base64url')
  await query(
    product,
    `INSERT INTO sessions (id, token, user_id, expires_at_utc)
     SELECT gen_random_uuid(), $1, id, now() + interval '1 day' FROM users WHERE email = $2`,
    [token, email],
  )
  const [, value = ''] = cookieOf({ authSecrets: [generatedSecrets(product.dataDir).auth] }, token).split('=', 2)
  return value
}

/** Makes every session's last activity this long ago. */
export const ageSessions = (product: Product, interval: string) =>
  query(product, 'UPDATE sessions SET active_at_utc = now() - $1::interval', [interval])

/** The sessions with activity in the last minute. */
export const findActiveSessions = (product: Product) =>
  query(product, `SELECT id FROM sessions WHERE active_at_utc > now() - interval '1 minute'`)

/** Changes a role as an admin would. */
export const giveRole = (product: Product, email: string, role: string) =>
  query(
    product,
    'UPDATE members SET role = $2, all_environments = true FROM users WHERE users.id = user_id AND email = $1',
    [email, role],
  )

/** Gives an account the password with this hash, so that it signs in with one. */
export const givePassword = (product: Product, email: string, hash: string) =>
  query(
    product,
    `INSERT INTO accounts (id, account_id, provider_id, user_id, password)
     SELECT gen_random_uuid(), id, 'credential', id, $2 FROM users WHERE email = $1`,
    [email, hash],
  )

/** Makes a link that is valid for an hour, and returns its path. */
export async function makeLink(product: Product, kind: 'setup' | 'invitation'): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const digest = createHash('sha256').update(token).digest('hex')
  await query(
    product,
    `INSERT INTO invitations (id, kind, digest, role, all_environments, created_by, created_at_utc, expires_at_utc)
     VALUES (gen_random_uuid(), $1, $2, 'admin', true, 'console', now(), now() + interval '1 hour')`,
    [kind, digest],
  )
  return `/${kind === 'setup' ? 'setup' : 'invite'}/${token}`
}

/** Adds the job that the schedule adds every minute. */
export const lookForOutsideRuns = (product: Product) =>
  query(product, 'SELECT FROM graphile_worker.add_job($1, job_key => $1, max_attempts => 1)', ['find_outside_runs'])

/** Adds the job that compares a deploy with GitHub, for a state that no webhook announces. */
export const lookAtDeploy = (product: Product, deployId: string) =>
  query(product, 'SELECT FROM graphile_worker.add_job($1, json_build_object($2::text, $3::text), job_key => $4)', [
    'reconcile_deploy',
    'deployId',
    deployId,
    `reconcile_deploy:${deployId}`,
  ])

/** The audit rows of one action, oldest first. */
export const trailOf = (product: Product, action: string) =>
  query(product, 'SELECT actor, payload FROM audit_events WHERE action = $1 ORDER BY id', [action])

/** All deploys of a surface. */
export const deploysOf = (product: Product, surface: string) =>
  query(product, 'SELECT id FROM console_deploys WHERE surface_id = $1', [surface])

/** Replaces the log of a deploy with this many lines, one of which is a needle. */
export async function fillLog(product: Product, deployId: string, count: number): Promise<void> {
  await query(product, 'DELETE FROM deploy_log_lines WHERE deploy_id = $1', [deployId])
  await query(
    product,
    `INSERT INTO deploy_log_lines (deploy_id, seq, line, at_utc)
     SELECT $1, n, CASE WHEN n = $2 / 3 THEN 'A Needle in the log.' ELSE 'Line ' || n || ' of the log.' END, now()
     FROM generate_series(1, $2::int) AS n`,
    [deployId, count],
  )
  await query(product, 'UPDATE console_deploys SET log_count = $2 WHERE id = $1', [deployId, count])
}

/** Adds surfaces to the grid: `many-0`, `many-1` … The sandbox does not know them. */
export const addSurfaces = (product: Product, count: number) =>
  query(
    product,
    `INSERT INTO surfaces (id, name, environment, repository, workflow, ref, url, health_url, confirm, timeout_minutes, position)
     SELECT 'many-' || n, 'many-' || n, 'production', 'acme/many', 'deploy-console.yml', 'main', 'http://127.0.0.1:9',
       'http://127.0.0.1:9/health', 'many-' || n, 30, 1000 + n
     FROM generate_series(0, $1::int - 1) AS n
     ON CONFLICT (id) DO UPDATE SET archived_at_utc = NULL, name = excluded.name`,
    [count],
  )

export const renameSurface = (product: Product, id: string, name: string) =>
  query(product, 'UPDATE surfaces SET name = $2 WHERE id = $1', [id, name])

/** Takes the surfaces that `addSurfaces` added from the grid. */
export const archiveAddedSurfaces = (product: Product) =>
  query(product, `UPDATE surfaces SET archived_at_utc = now() WHERE repository = 'acme/many'`)
