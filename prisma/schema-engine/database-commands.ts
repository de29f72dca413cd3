import pg from 'pg'
import { z } from 'zod'
import { parseDatabaseUrl, withDatabase } from './database-connection.ts'
import { engineLog } from './engine-log.ts'

/** Prisma's error codes for what PostgreSQL answers; anything else is "cannot be reached". */
const PRISMA_CODES: Readonly<Record<string, string>> = {
  '3D000': 'P1003',
  '28P01': 'P1000',
  '28000': 'P1010',
  '42P04': 'P1009',
}
const UNREACHABLE = 'P1001'
const ALREADY_THERE = ['42P04', '23505']

const withCode = z.object({ code: z.string() })

/** `can-connect-to-database`, `create-database`, `drop-database`: answered by the exit code, and an ERROR line when not 0. */
export async function runDatabaseCommand(command: string, url: string): Promise<0 | 1> {
  // The CLI parses every line but the first: the native engine begins with one about itself.
  engineLog('INFO', { message: `schema engine (WebAssembly): ${command}` })
  const address = parseDatabaseUrl(url)
  const target = command === 'can-connect-to-database' ? address : withDatabase(address, 'postgres')
  const client = new pg.Client({ connectionString: target.url, connectionTimeoutMillis: 10_000 })
  const database = pg.escapeIdentifier(address.database)
  try {
    await client.connect()
    if (command === 'create-database') await createDatabase(client, database)
    else if (command === 'drop-database') await client.query(`DROP DATABASE ${database} WITH (FORCE)`)
    else if (command !== 'can-connect-to-database') throw new Error(`Unknown command of the schema engine: ${command}`)
    return 0
  } catch (error) {
    const code = codeOf(error)
    const text = error instanceof Error && error.message !== '' ? error.message : (code ?? String(error))
    const message = `${text} (database "${address.database}" at ${address.host})`
    engineLog('ERROR', { is_panic: false, error_code: (code && PRISMA_CODES[code]) ?? UNREACHABLE, message })
    return 1
  } finally {
    void client.end().catch(() => undefined) // not awaited: on a client that never connected it may not settle
  }
}

async function createDatabase(client: pg.Client, database: string): Promise<void> {
  try {
    await client.query(`CREATE DATABASE ${database}`)
  } catch (error) {
    if (!ALREADY_THERE.includes(codeOf(error) ?? '')) throw error
  }
}

function codeOf(error: unknown): string | undefined {
  const parsed = withCode.safeParse(error)
  return parsed.success ? parsed.data.code : undefined
}
