import pg from 'pg'
import { noteCharColumns } from './char-columns.ts'

/** Parameters of a Prisma connection URL that are Prisma's own; PostgreSQL refuses to hear of them. */
const PRISMA_PARAMETERS = [
  'schema',
  'connection_limit',
  'pool_timeout',
  'connect_timeout',
  'pgbouncer',
  'socket_timeout',
]

export interface DatabaseAddress {
  readonly url: string
  readonly host: string
  readonly database: string
  readonly schema: string | undefined
}

export function parseDatabaseUrl(raw: string): DatabaseAddress {
  const url = new URL(raw)
  const schema = url.searchParams.get('schema') ?? undefined
  for (const name of PRISMA_PARAMETERS) url.searchParams.delete(name)
  return { url: url.href, host: url.host, database: decodeURIComponent(url.pathname.slice(1)), schema }
}

/**
 * The same server, another database. The name goes into the URL: in node-postgres a `connectionString` beats a
 * `database` beside it, so that a shadow database given the other way would silently be the main one.
 */
export function withDatabase(address: DatabaseAddress, database: string): DatabaseAddress {
  const url = new URL(address.url)
  url.pathname = `/${encodeURIComponent(database)}`
  return { ...address, url: url.href, database }
}

/**
 * One session, like the native engine: its advisory lock belongs to a session, so the pool must neither
 * spread over several nor drop the one that holds the lock when it is idle.
 */
export function openPool(address: DatabaseAddress): pg.Pool {
  const searchPath = address.schema === undefined ? {} : { options: `-c search_path=${escapeOption(address.schema)}` }
  const pool = new pg.Pool({
    connectionString: address.url,
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 10_000,
    application_name: 'prisma-schema-engine',
    ...searchPath,
  })
  pool.on('connect', noteCharColumns)
  return pool
}

/** A schema name, quoted for SQL and then for PostgreSQL's `options`, where a blank ends a word. */
function escapeOption(schema: string): string {
  return pg.escapeIdentifier(schema).replace(/[\\ ]/g, '\\$&')
}
