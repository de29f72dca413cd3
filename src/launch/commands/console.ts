import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { type Config, readConfig } from '~/server/platform/config'
import { borrowDatabase } from '../database/borrow-database.ts'
import { compareMigrations } from '../database/database-schema.ts'
import { databaseName, runningDatabaseUrl } from '../database/embedded-postgres.ts'
import type { CommandOutcome } from './command.ts'
import { type Call, readCall } from './command.ts'
import { COMMANDS } from './commands.ts'

// `npm run console -- <noun> <verb>`: ends with 0 when it is done, 1 when it failed, 2 when the call is not understood.
const projectDirectory = path.resolve(import.meta.dirname, '../../..')

// `… | head`: whoever read along has seen enough.
process.stdout.on('error', () => process.exit(1))

async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

async function runCommand(call: Extract<Call, { kind: 'run' }>): Promise<CommandOutcome> {
  const config = readConfig(process.env)
  const databaseUrl = await commandDatabase(config, projectDirectory)
  // Only now: this needs the generated Prisma client, which the first start of the server makes.
  const { connectDatabase } = await import('~/server/platform/database')
  const db = connectDatabase(databaseUrl)
  try {
    return await call.run({ config, databaseUrl, print, deps: { db, now: () => new Date(), newId: () => uuidv7() } })
  } finally {
    await db.$disconnect()
  }
}

const call = readCall(process.argv.slice(2), COMMANDS)
if (call.kind === 'help') await print(call.text)
else if (call.kind === 'usage_error') {
  process.stderr.write(`${call.text}\n`)
  process.exitCode = 2
} else {
  try {
    process.exitCode = (await runCommand(call)) === 'done' ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}

/**
 * The database a command works on: DATABASE_URL, or the embedded one under DATA_DIR, whether a console runs on it or not.
 * One that this version's migrations were not applied to is refused.
 */
async function commandDatabase(config: Config, projectDirectory: string): Promise<string> {
  const url = config.databaseUrl ?? (await embeddedDatabase(config, projectDirectory))
  const { missing } = await compareMigrations(url, path.join(projectDirectory, 'prisma/migrations'))
  if (missing.length > 0) {
    throw new Error(
      `The database lacks ${missing.length} migrations of this version (${missing.join(', ')}). Nothing was done. ` +
        'Start the console once (npm start), which applies them, then run this again.',
    )
  }
  return url
}

async function embeddedDatabase(config: Config, projectDirectory: string): Promise<string> {
  const directory = path.resolve(projectDirectory, config.dataDir, 'postgres')
  if (!existsSync(directory)) {
    throw new Error(
      `There is no database: DATABASE_URL is not set, and there is none in ${directory}. Nothing was done. ` +
        'Start the console once (npm start), or set DATABASE_URL.',
    )
  }
  return (await runningDatabaseUrl(directory, databaseName(config))) ?? (await borrowDatabase(projectDirectory))
}
