import 'server-only'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { z } from 'zod'
import { Prisma, PrismaClient } from '~/server/platform/generated/client.ts'

export type Database = PrismaClient

/** The client, or a transaction of it. */
export type DatabaseHandle = Prisma.TransactionClient

/** Connects to PostgreSQL. `$disconnect()` ends the pool. */
export function connectDatabase(url: string): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 5_000,
    // The server enforces `statement_timeout`. If the server hangs, only this limit of the client ends the wait.
    query_timeout: 17_000,
    // Prisma writes times without an offset, and reads times as UTC. PgBouncer refuses time limits as parameters of a connection.
    onConnect: async (client) => {
      await client.query(
        "SET TIME ZONE 'UTC'; SET statement_timeout = 15000; SET idle_in_transaction_session_timeout = 15000",
      )
    },
  })
  // The pool replaces a broken idle connection. Without a listener, the error would end the process.
  pool.on('error', () => undefined)
  const adapter = new PrismaPg(pool, { statementNameGenerator: namedStatements(), disposeExternalPool: true })
  const db = new PrismaClient({ adapter, transactionOptions: { maxWait: 5_000, timeout: 10_000 } })
  pools.set(db, pool)
  return db
}

const pools = new WeakMap<Database, pg.Pool>()

export interface PoolState {
  readonly total: number
  readonly idle: number
  /** Queries that wait for a connection. */
  readonly waiting: number
}

export function poolStateOf(db: Database): PoolState {
  const pool = pools.get(db)
  return { total: pool?.totalCount ?? 0, idle: pool?.idleCount ?? 0, waiting: pool?.waitingCount ?? 0 }
}

/** Bounds the prepared statements of a connection, because a list of values makes a new text for each length. */
const NAMED_STATEMENTS = 200

/** Names each SQL text, so that PostgreSQL plans it once per connection. Texts beyond the bound stay unnamed. */
function namedStatements(): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>()
  return ({ sql }) => {
    const known = names.get(sql)
    if (known !== undefined) return known
    if (names.size >= NAMED_STATEMENTS) return ''
    const name = `console_${names.size}`
    names.set(sql, name)
    return name
  }
}

/** Prisma's codes for a server that is unreachable, closed the connection, or has no free connection. */
const UNAVAILABLE_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2037'])

/** Whether the database is unavailable, or accepts no changes, so that a retry may succeed. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError || isWriteRefused(error)) return true
  if (error instanceof Prisma.PrismaClientKnownRequestError) {
    const { kind } = causeOf(error) ?? {}
    return (
      UNAVAILABLE_CODES.has(error.code) ||
      UNAVAILABLE_STATES.has(sqlStateOf(error)) ||
      isUnavailableMessage(`${kind} ${error.message}`)
    )
  }
  if (!(error instanceof Error)) return false
  const code = sqlStateOf(error)
  return (
    UNAVAILABLE_STATES.has(code) ||
    isUnavailableMessage(`${error.name} ${code} ${error.message} ${messageOf(error.cause)}`)
  )
}

/** Whether the database answers, but accepts no changes: it is read-only, as after a failover, or its disk is full or broken. */
export const isWriteRefused = (error: unknown): boolean =>
  error instanceof Error && WRITE_REFUSED_STATES.has(sqlStateOf(error))

/** PostgreSQL's codes read_only_sql_transaction, disk_full and io_error. */
const WRITE_REFUSED_STATES = new Set(['25006', '53100', '58030'])

/** PostgreSQL's code of an error, or Node's, or an empty text. Prisma reports a failed raw query as P2010, with the code in `meta`. */
const sqlStateOf = (error: Error): string =>
  error instanceof Prisma.PrismaClientKnownRequestError
    ? (causeOf(error)?.originalCode ?? '')
    : 'code' in error
      ? String(error.code)
      : ''

const causeOf = (error: Prisma.PrismaClientKnownRequestError) =>
  failure.safeParse(error.meta).data?.driverAdapterError.cause

const failure = z.object({
  driverAdapterError: z.object({
    cause: z.object({
      kind: z.string(),
      originalCode: z.string().optional(),
      constraint: z.object({ index: z.string() }).optional().catch(undefined),
    }),
  }),
})

/** PostgreSQL's codes admin_shutdown, crash_shutdown, cannot_connect_now, out_of_memory and too_many_connections. */
const UNAVAILABLE_STATES = new Set(['57P01', '57P02', '57P03', '53200', '53300'])

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : '')

/** Errors that Prisma does not map: Node's connection errors, and PostgreSQL's messages at start and shutdown. */
const isUnavailableMessage = (message: string) =>
  /ECONNREFUSED|ECONNRESET|EPIPE|Can't reach database server|DatabaseNotReachable|ConnectionClosed|SocketTimeout|Connection terminated|is not queryable|timeout exceeded when trying to connect|Query read timeout|terminating connection|too many clients|connection slots are reserved|the database system is (starting up|shutting down|in recovery mode|not (yet )?accepting connections)/.test(
    message,
  )

const UNIQUE_VIOLATION = '23505'

/** The name of the violated unique index, for models and for SQL by hand. Null for any other error. */
export function violatedUniqueIndex(error: unknown): string | null {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return null
  const cause = causeOf(error)
  if (error.code !== 'P2002' && cause?.originalCode !== UNIQUE_VIOLATION) return null
  return cause?.constraint?.index ?? 'unknown'
}
