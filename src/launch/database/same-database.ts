import pg from 'pg'
import { z } from 'zod'

const NO_SUCH_DATABASE = '3D000'

const identity = z.tuple([z.object({ name: z.string(), server: z.string() })])

/**
 * Refuses another variable that leads to another database than DATABASE_URL: migrations would change it, and jobs would wait where
 * nobody runs them. A pooler may call the database by another name, so the databases themselves are asked.
 */
export async function refuseOtherDatabase(url: string, other: string, variable: string): Promise<void> {
  if (other === url) return
  const [one, two] = [await identify(url, 'DATABASE_URL'), await identify(other, variable)]
  if (one?.name === two?.name && one?.server === two?.server) return
  const name = (found: typeof one) => (found === null ? 'one that does not exist' : `"${found.name}"`)
  throw new Error(
    `DATABASE_URL and ${variable} lead to different databases: ${name(one)} and ${name(two)}${one?.name === two?.name ? ' of another server' : ''}. ` +
      `Nothing was changed. ${variable} must lead to the database of DATABASE_URL (docs/operations/database.md).`,
  )
}

/** The name of the database, and since when its server runs, which no two servers share. Null: it does not exist. */
async function identify(url: string, variable: string) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query(
      'SELECT current_database()::text AS name, extract(epoch FROM pg_postmaster_start_time())::text AS server',
    )
    return identity.parse(rows)[0]
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === NO_SUCH_DATABASE) return null
    throw new Error(
      `The database of ${variable} cannot be used: ${error instanceof Error ? error.message : error}. Nothing was changed.`,
    )
  } finally {
    void client.end().catch(() => undefined)
  }
}
