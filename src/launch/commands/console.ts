import { once } from 'node:events'
import path from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { readConfig } from '~/server/platform/config'
import type { CommandOutcome } from './command.ts'
import { commandDatabase } from './command-database.ts'
import { COMMANDS } from './commands.ts'
import { type Call, readCall } from './read-call.ts'

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
