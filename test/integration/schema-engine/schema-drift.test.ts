import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEmptyTestDatabase, createTestDatabase, type TestDatabase } from '~test/support/database'
import { createPrismaProject, prisma } from '~test/support/prisma-project'

const root = path.resolve(import.meta.dirname, '../../..')
const migrations = path.join(root, 'prisma/migrations')

describe('schema and migrations', () => {
  let database: TestDatabase
  const project = createPrismaProject()
  const drifted = path.join(project.directory, 'drifted.prisma')

  beforeAll(async () => {
    database = await createEmptyTestDatabase()
  })
  afterAll(async () => {
    await database.drop()
    project.remove()
  })

  const diff = (schema: string) =>
    prisma(root, database.url, [
      'migrate',
      'diff',
      '--from-migrations',
      migrations,
      '--to-schema',
      schema,
      '--exit-code',
    ])

  it('agree: the migrations amount to exactly what the schema says', async () => {
    const { code, output } = await diff(path.join(root, 'prisma/schema.prisma'))
    expect(output).toContain('No difference detected')
    expect(code).toBe(0)
  })

  it('do not see the job library’s tables, which live in a schema of their own', async () => {
    const migrated = await createTestDatabase()
    try {
      const schema = path.join(root, 'prisma/schema.prisma')
      const { code, output } = await prisma(root, migrated.url, [
        'migrate',
        'diff',
        '--from-config-datasource',
        '--to-schema',
        schema,
        '--exit-code',
      ])
      expect(output).toContain('No difference detected')
      expect(code).toBe(0)
    } finally {
      await migrated.drop()
    }
  })

  it('are told apart: a model nobody wrote a migration for ends with 2', async () => {
    const schema = readFileSync(path.join(root, 'prisma/schema.prisma'), 'utf8')
    writeFileSync(drifted, `${schema}\nmodel Planted {\n  id Int @id\n  @@map("planted")\n}\n`)
    const { code, output } = await diff(drifted)
    expect(output).toContain('planted')
    expect(code).toBe(2)
  })

  it('are never called equal by an engine that crashed', async () => {
    writeFileSync(drifted, 'datasource db {\n  provider = "postgresql"\n}\n')
    process.env['FORCE_PANIC_SCHEMA_ENGINE'] = '1'
    try {
      const { code, output } = await diff(drifted)
      expect(output).toContain('The schema engine crashed')
      expect(output).toContain('artificial panic')
      expect(code).toBe(1)
    } finally {
      Reflect.deleteProperty(process.env, 'FORCE_PANIC_SCHEMA_ENGINE')
    }
  })
})
