import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { type Call, type Caller, isCallOf, listCommands, readCall } from '~/command-line/command'
import { OPERATOR_COMMANDS, runCommandLine } from '~/command-line/run-command-line'
import { thisMachine } from '~/command-line/this-machine'
import { type Config, readConfig } from '~/server/platform/config'
import { versionIn } from '~/server/platform/version'
import { commitOf } from '../build/commit.ts'
import { borrowDatabase } from '../database/borrow-database.ts'
import { databaseName, runningDatabase } from '../database/embedded-postgres.ts'
import { compareMigrations } from '../database/migrations.ts'
import { COMMANDS, OFFLINE_COMMANDS } from './commands.ts'
import type { CommandContext, CommandOutcome } from './server-command.ts'

// `npm run console -- <noun> <verb>`. Exit codes: 0 done, 1 failed, 2 usage error. The commands for operators have more
// (src/command-line/exit-codes.ts). They use the REST API, and neither the database nor the configuration.
const projectDirectory = path.resolve(import.meta.dirname, '../../..')

// In `… | head`, the reader closes the pipe first.
process.stdout.on('error', () => process.exit(1))

async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** The image's entry sets it (docs/adr/049). */
const callName = process.env['CONSOLE_CALL'] ?? 'npm run console --'
const caller: Caller = {
  call: callName,
  notes: [
    'Without the database:',
    '',
    ...listCommands(OFFLINE_COMMANDS),
    '',
    'For operators, over REST, from any machine (docs/operations/command-line.md):',
    '',
    ...listCommands(OPERATOR_COMMANDS),
    '',
    `The database is DATABASE_URL, or the embedded one under DATA_DIR. "${callName} <command> --help" shows the options.`,
    `"${callName} --version" prints the version and the commit.`,
  ],
}

const args = process.argv.slice(2)
if (isCallOf(args, OPERATOR_COMMANDS)) {
  const version = versionIn(projectDirectory)
  process.exitCode = await runCommandLine(args, thisMachine(process.env), { caller, version })
} else if (isCallOf(args, OFFLINE_COMMANDS)) {
  process.exitCode = await exitCodeOfCall(readCall(args, OFFLINE_COMMANDS, caller), (run) => run({ print }))
} else {
  process.exitCode = await exitCodeOfCall(readCall(args, COMMANDS, caller), runWithDatabase)
}

async function runWithDatabase(run: (context: CommandContext) => Promise<CommandOutcome>): Promise<CommandOutcome> {
  const config = readConfig(process.env)
  const databaseUrl = await commandDatabase(config, projectDirectory)
  // Imported here because it needs the Prisma client, which a start generates.
  const { connectDatabase } = await import('~/server/platform/database')
  const db = connectDatabase(databaseUrl)
  try {
    return await run({ config, databaseUrl, print, deps: { db, now: () => new Date(), newId: () => uuidv7() } })
  } finally {
    await db.$disconnect()
  }
}

async function exitCodeOfCall<Context>(
  call: Call<Context, CommandOutcome>,
  start: (run: (context: Context) => Promise<CommandOutcome>) => Promise<CommandOutcome>,
): Promise<0 | 1 | 2> {
  if (call.kind === 'help') await print(call.text)
  if (call.kind === 'version') {
    const commit = commitOf(projectDirectory, process.env) ?? 'unknown'
    await print(`Deploy Console ${versionIn(projectDirectory)}, commit ${commit}`)
  }
  if (call.kind === 'usage_error') {
    process.stderr.write(`${call.text}\n`)
    return 2
  }
  if (call.kind !== 'run') return 0
  try {
    return (await start(call.run)) === 'done' ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    return 1
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
