import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { readConfig } from '../../server/platform/config.ts'
import { programArgs } from '../build/programs.ts'
import { configuredDatabase, type DatabaseUrls, databaseName, runningDatabase } from './embedded-postgres.ts'

const lent = z.object({ url: z.string(), ownerUrl: z.string() })

/** Starts the embedded database for the life of this process. The lender ends when the channel between the two closes. */
export async function borrowDatabase(projectDirectory: string): Promise<DatabaseUrls> {
  process.stderr.write('The embedded database is not running. Starting it for this command …\n')
  const child = spawn(process.execPath, programArgs(projectDirectory, 'src/launch/database/lend-database.ts'), {
    cwd: projectDirectory,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const urls = lent.parse(await firstMessage(child))
  child.unref()
  child.channel?.unref()
  return urls
}

async function firstMessage(child: ChildProcess): Promise<unknown> {
  const answered = once(child, 'message').then(([message]: unknown[]) => message)
  const ended = once(child, 'exit').then(() => {
    throw new Error(
      'The embedded database could not be started (see above). Nothing was done. Run "npm start" first, or set DATABASE_URL.',
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

/** The commands that need a database. `generate`, `validate`, `format` and others do not. */
const NEED_DATABASE = ['migrate', 'db', 'studio']

/** The database of a plain `npx prisma …`, as its owner: the configured one, or the embedded one, started for the command if necessary. */
export async function databaseForPrisma({ env, argv, projectDirectory }: CliCall): Promise<URL | undefined> {
  const names = ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'DATABASE_OWNER_URL']
  const given = names.flatMap((name) => [name, `${name}_FILE`]).map((name) => [name, env[name]])
  const configured = configuredDatabase(readConfig(Object.fromEntries(given)))
  if (configured !== undefined) return new URL(configured.ownerUrl)
  if (!NEED_DATABASE.includes(argv[2] ?? '') || argv.includes('--help') || argv.includes('-h')) return undefined
  const directory = path.resolve(projectDirectory, env['DATA_DIR'] || '.data', 'postgres')
  const running = existsSync(directory) ? await runningDatabase(directory, databaseName(readConfig(env))) : undefined
  return new URL((running ?? (await borrowDatabase(projectDirectory))).ownerUrl)
}
