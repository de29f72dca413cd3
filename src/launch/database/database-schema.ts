import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fingerprint } from '../build/fingerprint.ts'
import { schemaEngine } from '../build/programs.ts'
import { runTool } from '../machine/supervised-process.ts'

interface PrismaRun {
  readonly projectDirectory: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** Generates the Prisma client if the schema has changed. Returns whether it has. */
export async function generateClient(run: PrismaRun): Promise<boolean> {
  const generated = path.join(run.projectDirectory, 'src/server/platform/generated')
  const mark = path.join(generated, '.made-from')
  const wanted = fingerprint(run.projectDirectory, ['prisma/schema.prisma', 'node_modules/prisma/package.json'], [])
  const fits =
    existsSync(mark) && existsSync(path.join(generated, 'client.ts')) && readFileSync(mark, 'utf8') === wanted
  if (fits) return false
  await prisma(['generate'], run)
  writeFileSync(mark, wanted)
  return true
}

/** The job library has its own tables, in its own schema. */
export async function installJobTablesOf(url: string, logLevel: string): Promise<void> {
  const { createLogger } = await import('~/server/platform/logger')
  const { installJobTables } = await import('~/server/worker/job-tables')
  await installJobTables(url, createLogger(logLevel))
}

function prisma(args: readonly string[], { projectDirectory, env, signal }: PrismaRun): Promise<void> {
  const cli = path.join(projectDirectory, 'node_modules/prisma/build/index.js')
  const quiet = { CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' }
  const engine = { PRISMA_SCHEMA_ENGINE_BINARY: schemaEngine(projectDirectory) }
  return runTool(`prisma ${args.join(' ')}`, {
    args: [cli, ...args],
    cwd: projectDirectory,
    env: { ...engine, ...env, ...quiet },
    signal,
  })
}
