import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { type Config, readConfig } from '~/server/platform/config'
import { versionIn } from '~/server/platform/version'
import { commitOf } from '../build/commit.ts'
import { borrowDatabase } from '../database/borrow-database.ts'
import { databaseName, runningDatabase } from '../database/embedded-postgres.ts'
import { compareMigrations } from '../database/migrations.ts'
import type { CommandOutcome } from './command.ts'
import { type Call, readCall } from './command.ts'
import { COMMANDS } from './commands.ts'

// `npm run console -- <noun> <verb>`. Exit codes: 0 done, 1 failed, 2 usage error.
const projectDirectory = path.resolve(import.meta.dirname, '../../..')

// In `… | head`, the reader closes the pipe first.
process.stdout.on('error', () => process.exit(1))

async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

async function runCommand(call: Extract<Call, { kind: 'run' }>): Promise<CommandOutcome> {
  const config = readConfig(process.env)
  const databaseUrl = await commandDatabase(config, projectDirectory)
  // Imported here because it needs the Prisma client, which a start generates.
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
else if (call.kind === 'version') {
  const commit = commitOf(projectDirectory, process.env) ?? 'unknown'
  await print(`Deploy Console ${versionIn(projectDirectory)}, commit ${commit}`)
} else if (call.kind === 'usage_error') {
  process.stderr.write(`${call.text}\n`)
  process.exitCode = 2
} else {
  try {
    const outcome = call.kind === 'run' ? await runCommand(call) : await call.run({ print })
    process.exitCode = outcome === 'done' ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}

/** The database of a command: DATABASE_URL, or the embedded one under DATA_DIR. Throws if it lacks migrations of this version. */
async function commandDatabase(config: Config, projectDirectory: string): Promise<string> {
  const url = config.databaseUrl ?? (await embeddedDatabase(config, projectDirectory))
  const { missing } = await compareMigrations(url, path.join(projectDirectory, 'prisma/migrations'))
  if (missing.length > 0) {
    const named = missing.length > 3 ? `${missing.slice(0, 3).join(', ')} …` : missing.join(', ')
    const sandbox =
      config.githubCredentials === undefined && config.databaseUrl === undefined
        ? 'No GitHub credentials are set, so the command is about the sandbox: for your own console, set its variables in this terminal too. '
        : ''
    throw new Error(
      `The database lacks ${missing.length} migrations of this version (${named}). Nothing was done. ${sandbox}` +
        'Start the console once (npm start), or run "migrate" of the image, which applies them, then run this command again.',
    )
  }
  return url
}

async function embeddedDatabase(config: Config, projectDirectory: string): Promise<string> {
  const directory = path.resolve(projectDirectory, config.dataDir, 'postgres')
  if (!existsSync(directory)) {
    throw new Error(
      `There is no database: DATABASE_URL is not set, and ${directory} does not exist. Nothing was done. ` +
        'Start the console once (npm start), or set DATABASE_URL.',
    )
  }
  // As the owner, because a start of this version may not have given the server's role its rights yet.
  return ((await runningDatabase(directory, databaseName(config))) ?? (await borrowDatabase(projectDirectory))).ownerUrl
}
