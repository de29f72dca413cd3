import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { readConfig } from '../../server/platform/config.ts'
import { programArgs } from '../build/programs.ts'
import { databaseName, runningDatabaseUrl } from './embedded-postgres.ts'

const lent = z.object({ url: z.string() })

/**
 * Starts the embedded database for as long as this process lives: the lender ends by itself when the channel between them
 * is gone.
 */
export async function borrowDatabase(projectDirectory: string): Promise<string> {
  process.stderr.write('The embedded database is not running; it is started for this command.\n')
  const child = spawn(process.execPath, programArgs(projectDirectory, 'src/launch/database/lend-database.ts'), {
    cwd: projectDirectory,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { url } = lent.parse(await firstMessage(child))
  child.unref()
  child.channel?.unref()
  return url
}

async function firstMessage(child: ChildProcess): Promise<unknown> {
  const answered = once(child, 'message').then(([message]: unknown[]) => message)
  const ended = once(child, 'exit').then(() => {
    throw new Error(
      'The embedded database could not be started (see above). Start it with "npm start", or set DATABASE_URL.',
    )
  })
  ended.catch(() => undefined)
  return await Promise.race([answered, ended])
}

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
