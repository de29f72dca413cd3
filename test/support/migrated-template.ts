import path from 'node:path'
import pg from 'pg'
import { fingerprint } from '~/launch/build/fingerprint'
import { applyMigrations } from '~/launch/database/migrations'
import { createLogger } from '~/server/platform/logger'
import { installJobTables } from '~/server/worker/job-tables'

/** An arbitrary number: the advisory lock that the process making the template holds. */
const TEMPLATE_LOCK = 7_310_423

const root = path.resolve(import.meta.dirname, '../..')

/** The templates that this process has found, by server. To look for one costs as much as to copy it. */
const found = new Map<string, string>()

/** The name of a database with all migrations applied, which nobody connects to. Made once per server and set of migrations. */
export async function migratedTemplate(server: string): Promise<string> {
  const known = found.get(server)
  if (known !== undefined) return known
  const name = `template_${fingerprint(root, ['prisma/migrations', 'node_modules/graphile-worker/package.json'], []).slice(0, 16)}`
  await onDatabase(server, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]) // till the end of the session
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    if (rowCount === 0) await makeTemplate(client, server, name)
  })
  found.set(server, name)
  return name
}

/** Gets its name only when it is complete, so that an aborted run leaves no half-made template. */
async function makeTemplate(client: pg.Client, server: string, name: string): Promise<void> {
  const unfinished = `${name}_unfinished`
  await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`)
  await client.query(`CREATE DATABASE ${unfinished} TEMPLATE template0`)
  const url = new URL(server)
  url.pathname = `/${unfinished}`
  await applyMigrations(url.href, path.join(root, 'prisma/migrations'))
  await installJobTables(url.href, createLogger('silent'))
  await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`)
}

export async function onDatabase(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
