import pg from 'pg'
import { ADVISORY_LOCKS } from '~/server/platform/advisory-locks'
import { installJobTablesOf } from './database-schema.ts'
import type { DatabaseUrls } from './embedded-postgres.ts'
import { applyMigrations, type MigrationState } from './migrations.ts'
import { refuseOtherDatabase } from './same-database.ts'
import { LIMIT_WAIT, type Waiting, whenTablesAreFree } from './table-locks.ts'

interface PreparedDatabase extends MigrationState {
  /** Whether the role of servers and workers could change or delete rows of the audit trail. */
  readonly isTrailExposed: boolean
}

/** Applies the missing migrations, installs the job tables, and gives the server's role what it needs. May run in many processes at once. */
export async function prepareDatabase(
  urls: DatabaseUrls,
  options: Waiting & { readonly migrations: string; readonly logLevel: string },
): Promise<PreparedDatabase> {
  await refuseOtherDatabase(urls.url, urls.ownerUrl, 'DATABASE_OWNER_URL (or else DATABASE_DIRECT_URL)')
  const state = await applyMigrations(urls.ownerUrl, options.migrations, options)
  await installJobTablesOf(urls.ownerUrl, options.logLevel)
  return { ...state, isTrailExposed: await grantRights(urls, options) }
}

export const TRAIL_EXPOSED =
  'The role of DATABASE_URL can change the audit trail. Set DATABASE_OWNER_URL, and let servers use a role of their own (docs/operations/database.md)'

const APPEND_ONLY = ['audit_events', 'audit_seals', 'access_given']
const READ_ONLY = ['_prisma_migrations']

/** The tables of which the console or its sign-in library deletes rows. Of all others, the server's role may delete none. */
const DELETABLE = [
  ...['sessions', 'accounts', 'verifications', 'two_factors', 'passkeys', 'rate_limits', 'members'],
  ...['callback_receipts', 'deploy_log_lines', 'deliveries', 'audit_unsealed', 'saved_views', 'device_requests'],
  ...['queued_requests'],
  ...['default_refs', 'github_answers', 'github_usage', 'heartbeats', 'request_rates', 'sign_in_attempts'],
]

/** Gives the server's role its rights, if the owner is another role. Returns whether it could change the audit trail nevertheless. */
async function grantRights({ url, ownerUrl }: DatabaseUrls, waiting: Waiting): Promise<boolean> {
  return withClient(url, async (server) => {
    if (url !== ownerUrl) {
      const { rows } = await server.query<{ role: string }>('SELECT current_user AS role')
      await withClient(ownerUrl, (owner) => whenTablesAreFree(() => grantTo(owner, rows[0]?.role ?? ''), waiting))
    }
    const { rows } = await server.query<{ exposed: boolean }>(
      `SELECT has_table_privilege('audit_events', 'UPDATE, DELETE, TRUNCATE, TRIGGER') AS exposed`,
    )
    return rows[0]?.exposed !== false
  })
}

const JOB_SCHEMA = 'graphile_worker'
const CHANGE_AND_DELETE = 'SELECT, INSERT, UPDATE, DELETE'

interface Relation {
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly secured: boolean
}

async function grantTo(owner: pg.Client, role: string): Promise<void> {
  const { rows: relations } = await owner.query<Relation>(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relrowsecurity AS secured
     FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname IN (current_schema(), '${JOB_SCHEMA}') AND c.relkind IN ('r', 'v', 'S')
       AND pg_has_role(c.relowner, 'USAGE') AND current_user <> $1`,
    [role],
  )
  const to = pg.escapeIdentifier(role)
  const schemas = new Set(relations.map(({ schema }) => pg.escapeIdentifier(schema)))
  const statements = [
    ...[...schemas].map((schema) => `GRANT USAGE ON SCHEMA ${schema} TO ${to}`),
    ...relations.flatMap((relation) => grantsOn(relation, to)),
  ]
  // Two processes that grant at once would fail with "tuple concurrently updated".
  const lock = `SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.migrations})`
  try {
    await owner.query(['BEGIN', lock, LIMIT_WAIT, ...statements, 'COMMIT'].join(';\n'))
  } catch (error) {
    await owner.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

function grantsOn({ schema, name, kind, secured }: Relation, to: string): readonly string[] {
  const on = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
  if (kind === 'S') return [`GRANT USAGE, SELECT ON SEQUENCE ${on} TO ${to}`]
  return [
    // The job library secures its tables without a policy, so only their owner would see a row. Rights on the tables take that place.
    ...(secured ? [`ALTER TABLE ${on} DISABLE ROW LEVEL SECURITY`] : []),
    `REVOKE ALL ON ${on} FROM ${to}`,
    `GRANT ${schema === JOB_SCHEMA ? CHANGE_AND_DELETE : rightsOn(name)} ON ${on} TO ${to}`,
  ]
}

function rightsOn(name: string): string {
  if (READ_ONLY.includes(name)) return 'SELECT'
  if (APPEND_ONLY.includes(name)) return 'SELECT, INSERT'
  return DELETABLE.includes(name) ? CHANGE_AND_DELETE : 'SELECT, INSERT, UPDATE'
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await work(client)
  } catch (error) {
    throw new Error(
      `The rights of the server's role could not be set: ${error instanceof Error ? error.message : error}. The migrations are applied. ` +
        'Check the roles of DATABASE_URL and DATABASE_OWNER_URL (docs/operations/database.md).',
    )
  } finally {
    void client.end().catch(() => undefined)
  }
}
