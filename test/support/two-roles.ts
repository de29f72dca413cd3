import { randomUUID } from 'node:crypto'
import path from 'node:path'
import pg from 'pg'
import type { DatabaseUrls } from '~/launch/database/embedded-postgres'
import { prepareDatabase } from '~/launch/database/prepare-database'
import type { Waiting } from '~/launch/database/table-locks'
import { createEmptyTestDatabase } from '~test/support/database'
import { onDatabase } from '~test/support/migrated-template'

const migrations = path.resolve(import.meta.dirname, '../../prisma/migrations')

export const prepare = (urls: DatabaseUrls, waiting: Waiting = {}) =>
  prepareDatabase(urls, { migrations, logLevel: 'silent', ...waiting })

export interface TwoRoles extends DatabaseUrls {
  readonly owner: string
  readonly drop: () => Promise<void>
}

/** An empty database with an owner and a role for servers, as docs/operations/database.md makes them. */
export async function createTwoRoles(): Promise<TwoRoles> {
  const database = await createEmptyTestDatabase()
  const suffix = randomUUID().slice(0, 8)
  const [owner, server] = [`owner_${suffix}`, `server_${suffix}`]
  const as = (role: string) => Object.assign(new URL(database.url), { username: role, password: 'secret' }).href
  const name = pg.escapeIdentifier(new URL(database.url).pathname.slice(1))
  await onDatabase(database.url, (client) =>
    client.query(`CREATE ROLE ${owner} LOGIN PASSWORD 'secret'; CREATE ROLE ${server} LOGIN PASSWORD 'secret';
      ALTER ROLE ${server} SET statement_timeout = '15s'; ALTER ROLE ${server} SET idle_in_transaction_session_timeout = '15s';
      ALTER DATABASE ${name} OWNER TO ${owner}`),
  )
  const drop = async () => {
    const postgres = Object.assign(new URL(database.url), { pathname: '/postgres' }).href
    await database.drop()
    await onDatabase(postgres, (client) => client.query(`DROP ROLE ${owner}; DROP ROLE ${server}`))
  }
  return { url: as(server), ownerUrl: as(owner), owner, drop }
}
