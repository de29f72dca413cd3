import { randomUUID } from 'node:crypto'
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { type DatabaseAddress, parseDatabaseUrl, withDatabase } from './database-connection.ts'
import { connectEngineAdapter } from './engine-adapter.ts'
import type { ScriptFiles } from './script-files.ts'

const PREFIX = 'prisma_migrate_shadow_db_'
const ABANDONED_AFTER_MS = 60 * 60 * 1000

/** Drops every shadow database that this process made and has not dropped yet. */
export type DropShadows = () => Promise<void>

export interface ShadowDatabases {
  readonly connect: () => Promise<SqlDriverAdapter>
  readonly dropAll: DropShadows
}

/**
 * The empty database in which the engine replays the migrations. Its own connection is closed before it is dropped
 * (adapter-pg does it the other way round, which PostgreSQL refuses), and it is dropped also when the engine is told to end.
 */
export function createShadowDatabases(
  address: DatabaseAddress,
  givenUrl: string | undefined,
  files: ScriptFiles,
): ShadowDatabases {
  const open = new Set<string>()
  const drop = async (name: string): Promise<void> => {
    await asAdministrator(address, (client) => client.query(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`))
    open.delete(name)
  }
  return {
    async connect() {
      if (givenUrl !== undefined) return connectGiven(givenUrl, files)
      const name = `${PREFIX}${Date.now()}_${randomUUID()}`
      await asAdministrator(address, async (client) => {
        await dropAbandoned(client)
        open.add(name)
        await client.query(`CREATE DATABASE ${quoted(name)} TEMPLATE template0`)
      })
      const adapter = await connectEngineAdapter(withDatabase(address, name), files)
      const dispose = async (): Promise<void> => {
        await adapter.dispose()
        await drop(name)
      }
      return { ...adapter, dispose }
    },
    async dropAll() {
      for (const name of [...open]) await drop(name)
    },
  }
}

async function connectGiven(url: string, files: ScriptFiles): Promise<SqlDriverAdapter> {
  const adapter = await connectEngineAdapter(parseDatabaseUrl(url), files)
  await adapter.executeScript('DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public;')
  return adapter
}

/** What a killed engine left behind: nobody is connected, and the time in its name is long past. */
async function dropAbandoned(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database d WHERE starts_with(datname, $1)
       AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)`,
    [PREFIX],
  )
  for (const { name } of rows) {
    const madeAt = Number(name.slice(PREFIX.length).split('_')[0])
    if (madeAt < Date.now() - ABANDONED_AFTER_MS) await client.query(`DROP DATABASE IF EXISTS ${quoted(name)}`)
  }
}

async function asAdministrator(address: DatabaseAddress, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: address.url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

function quoted(name: string): string {
  return pg.escapeIdentifier(name)
}
