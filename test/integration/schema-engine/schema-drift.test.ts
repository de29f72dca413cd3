import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEmptyTestDatabase, createTestDatabase, type TestDatabase } from '~test/support/database'
import { createPrismaProject, prisma } from '~test/support/prisma-project'

const root = path.resolve(import.meta.dirname, '../../..')
const migrations = path.join(root, 'prisma/migrations')

describe('the schema compared with the migrations', () => {
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

  it('the migrations produce exactly the schema', async () => {
    const { code, output } = await diff(path.join(root, 'prisma/schema.prisma'))
    expect(output).toContain('No difference detected')
    expect(code).toBe(0)
  })

  it("the comparison ignores the job library's tables, which are in another schema", async () => {
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

  it('a model without a migration ends the comparison with 2', async () => {
    const schema = readFileSync(path.join(root, 'prisma/schema.prisma'), 'utf8')
    writeFileSync(drifted, `${schema}\nmodel Planted {\n  id Int @id\n  @@map("planted")\n}\n`)
    const { code, output } = await diff(drifted)
    expect(output).toContain('planted')
    expect(code).toBe(2)
  })

  it('a crashed engine ends the comparison with 1, never with agreement', async () => {
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
