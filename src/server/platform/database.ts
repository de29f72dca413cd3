import 'server-only'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { z } from 'zod'
import { Prisma, PrismaClient } from '~/server/platform/generated/client.ts'

export type Database = PrismaClient

/** What queries take: the client itself, or a transaction of it. */
export type DatabaseHandle = Prisma.TransactionClient

/** `$disconnect()` ends its pool. */
export function connectDatabase(url: string): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 5_000,
    idle_in_transaction_session_timeout: 15_000,
    statement_timeout: 15_000,
    // The server enforces that one; when it is frozen or cut off, only the client's own limit ends the wait.
    query_timeout: 17_000,
    // Prisma writes times without their offset, and takes those it reads for UTC's.
    onConnect: async (client) => {
      await client.query("SET TIME ZONE 'UTC'")
    },
  })
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => undefined)
  const adapter = new PrismaPg(pool, { statementNameGenerator: namedStatements(), disposeExternalPool: true })
  return new PrismaClient({ adapter, transactionOptions: { maxWait: 5_000, timeout: 10_000 } })
}

/** Lists of values make texts of their own, so the number of prepared statements a connection keeps is bounded. */
const NAMED_STATEMENTS = 200

/** Names each text of SQL once, so that PostgreSQL plans it once per connection; texts beyond the bound stay unnamed. */
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

/** Prisma's codes for a server that cannot be reached, hung up, or has no connection to give. */
const AWAY_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2037'])

/** True when the database could not be asked at all, so that asking again later may well succeed. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError) return true
  if (error instanceof Prisma.PrismaClientKnownRequestError) {
    // A raw query fails as P2010 whatever happened; the driver's own word for it is in the meta.
    const { kind, originalCode } = failure.safeParse(error.meta).data?.driverAdapterError.cause ?? {}
    return AWAY_CODES.has(error.code) || isAwayState(originalCode) || isAwayMessage(`${kind} ${error.message}`)
  }
  if (!(error instanceof Error)) return false
  const code = codeOf(error)
  return isAwayState(code) || isAwayMessage(`${error.name} ${code} ${error.message} ${messageOf(error.cause)}`)
}

const failure = z.object({
  driverAdapterError: z.object({
    cause: z.object({
      kind: z.string(),
      originalCode: z.string().optional(),
      constraint: z.object({ index: z.string() }).optional().catch(undefined),
    }),
  }),
})

/** PostgreSQL's own: admin_shutdown, crash_shutdown, cannot_connect_now (starting up, shutting down, in recovery mode). */
const AWAY_STATES = new Set(['57P01', '57P02', '57P03'])
const isAwayState = (sqlState: string | undefined) => sqlState !== undefined && AWAY_STATES.has(sqlState)

/** Node's connection errors to several addresses at once have a code and no message. */
const codeOf = (error: Error) => ('code' in error ? String(error.code) : '')

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : '')

/** Raw driver errors that reach us unmapped: node's connection errors, and PostgreSQL's own words at shutdown. */
const isAwayMessage = (message: string) =>
  /ECONNREFUSED|ECONNRESET|EPIPE|Can't reach database server|DatabaseNotReachable|ConnectionClosed|SocketTimeout|Connection terminated|is not queryable|timeout exceeded when trying to connect|Query read timeout|terminating connection|too many clients|connection slots are reserved|the database system is (starting up|shutting down|in recovery mode|not (yet )?accepting connections)/.test(
    message,
  )

const UNIQUE_VIOLATION = '23505'

/** Name of the unique index an error says was violated, model or SQL; null for every other error. */
export function violatedUniqueIndex(error: unknown): string | null {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return null
  const cause = failure.safeParse(error.meta).data?.driverAdapterError.cause
  if (error.code !== 'P2002' && cause?.originalCode !== UNIQUE_VIOLATION) return null
  return cause?.constraint?.index ?? 'unknown'
}
