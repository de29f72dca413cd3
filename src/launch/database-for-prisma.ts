import { existsSync } from 'node:fs'
import path from 'node:path'
import { readConfig } from '../server/platform/config.ts'
import { borrowDatabase } from './borrow-database.ts'
import { databaseName, runningDatabaseUrl } from './embedded-postgres.ts'

interface CliCall {
  readonly env: NodeJS.ProcessEnv
  readonly argv: readonly string[]
  readonly projectDirectory: string
}

/** Commands that speak with a database. All others (`generate`, `validate`, `format` …) work with nothing running. */
const NEED_DATABASE = ['migrate', 'db', 'studio']

/**
 * The database of a plain `npx prisma …`: DATABASE_URL, or the embedded one. When that is not running, it is started for
 * as long as the command takes.
 */
export async function databaseForPrisma({ env, argv, projectDirectory }: CliCall): Promise<URL | undefined> {
  const given = env['DATABASE_URL']
  if (given !== undefined && given !== '') {
    const { databaseUrl } = readConfig({ DATABASE_URL: given })
    if (databaseUrl !== undefined) return new URL(databaseUrl)
  }
  if (!NEED_DATABASE.includes(argv[2] ?? '') || argv.includes('--help') || argv.includes('-h')) return undefined
  const directory = path.resolve(projectDirectory, env['DATA_DIR'] || '.data', 'postgres')
  const running = existsSync(directory) ? await runningDatabaseUrl(directory, databaseName(readConfig(env))) : undefined
  return new URL(running ?? (await borrowDatabase(projectDirectory)))
}
