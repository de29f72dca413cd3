import path from 'node:path'
import process from 'node:process'
import { defineConfig } from 'prisma/config'
import { databaseForPrisma } from './src/launch/database/borrow-database.ts'

const here = import.meta.dirname

// Prisma's own engine is a download from a host an air-gapped machine cannot reach. This is the same engine as
// WebAssembly, from npm (prisma/schema-engine/, docs/adr/001).
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= path.join(here, 'prisma/schema-engine/schema-engine.mjs')

const url = await databaseForPrisma({ env: process.env, argv: process.argv, projectDirectory: here })

// The CLI passes its engine the URL as an argument, which every user of the machine can read. A password goes by the
// environment instead, where PostgreSQL's clients look for it.
const password = url?.searchParams.get('password') ?? decodeURIComponent(url?.password ?? '')
if (url !== undefined && password !== '') {
  process.env['PGPASSWORD'] = password
  url.password = ''
  url.searchParams.delete('password')
}

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(url === undefined ? {} : { datasource: { url: url.href } }),
})
