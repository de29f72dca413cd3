import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { schemaEngine } from '~/launch/build/programs'

const root = path.resolve(import.meta.dirname, '../..')

export interface PrismaOutcome {
  readonly code: number
  readonly output: string
}

/** Runs Prisma's CLI as a developer does in a checkout, and returns all its output. */
export function prisma(
  directory: string,
  databaseUrl: string,
  args: readonly string[],
  input = '',
): Promise<PrismaOutcome> {
  const cli = path.join(root, 'node_modules/prisma/build/index.js')
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    PRISMA_SCHEMA_ENGINE_BINARY: schemaEngine(root),
    CHECKPOINT_DISABLE: '1',
    NO_COLOR: '1',
  }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [cli, ...args], { cwd: directory, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1)
      resolve({ code, output: `${stdout}${stderr}` })
    })
    child.stdin?.end(input)
  })
}

export interface PrismaProject {
  readonly directory: string
  readonly writeModels: (models: string) => void
  readonly writeMigration: (name: string, sql: string) => void
  readonly remove: () => void
}

/** A small separate Prisma project that uses our schema engine, in a directory with a space in its name. */
export function createPrismaProject(): PrismaProject {
  const directory = mkdtempSync(path.join(tmpdir(), 'prisma project '))
  const migrations = path.join(directory, 'prisma/migrations')
  mkdirSync(migrations, { recursive: true })
  symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'))
  writeFileSync(path.join(migrations, 'migration_lock.toml'), 'provider = "postgresql"\n')
  writeFileSync(
    path.join(directory, 'prisma.config.ts'),
    `import { defineConfig } from 'prisma/config'
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
})
`,
  )
  return {
    directory,
    writeModels: (models) =>
      writeFileSync(
        path.join(directory, 'prisma/schema.prisma'),
        `datasource db {\n  provider = "postgresql"\n}\n\n${models}\n`,
      ),
    writeMigration: (name, sql) => {
      mkdirSync(path.join(migrations, name), { recursive: true })
      writeFileSync(path.join(migrations, name, 'migration.sql'), sql)
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}
