import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEmptyTestDatabase, type TestDatabase } from '~test/support/database'
import { createPrismaProject, prisma } from '~test/support/prisma-project'

const NAME = '20260101000000_bad'

describe('a migration that fails', () => {
  let database: TestDatabase
  const project = createPrismaProject()

  beforeAll(async () => {
    database = await createEmptyTestDatabase()
    project.writeModels('model Kept {\n  id Int @id\n}')
    project.writeMigration('20250101000000_good', 'CREATE TABLE "Kept" ("id" INTEGER PRIMARY KEY);\n')
  })
  afterAll(async () => {
    await database.drop()
    project.remove()
  })

  it('a failed migration is reported with file, line, column and text, leaves nothing behind, and can be repaired', async () => {
    project.writeMigration(NAME, 'CREATE TABLE "half" (id int);\n-- é\n  SELCT 1;\n')
    const failed = await prisma(project.directory, database.url, ['migrate', 'deploy'])
    expect(failed.code).toBe(1)
    expect(failed.output).toContain(`Migration ${NAME} failed.`)
    expect(failed.output).toContain(`${NAME}/migration.sql, line 3, column 3:\n  3 |   SELCT 1;`)
    expect(failed.output).toContain('syntax error at or near "SELCT"')
    expect(await tablesOf(database.url)).toEqual(['Kept', '_prisma_migrations'])

    project.writeMigration(NAME, 'SELECT 1;\n')
    const resolved = await prisma(project.directory, database.url, ['migrate', 'resolve', '--rolled-back', NAME])
    expect(resolved.code).toBe(0)
    const mended = await prisma(project.directory, database.url, ['migrate', 'deploy'])
    expect(mended.output).toContain('All migrations have been successfully applied')
  })

  it.each([
    {
      case: 'detail and hint of a raised error',
      sql: `DO $$ BEGIN RAISE EXCEPTION 'no; not this' USING DETAIL = 'the detail', HINT = 'the hint'; END $$;`,
      told: ['no; not this', 'Detail: the detail', 'Hint: the hint', 'SQLSTATE: P0001'],
    },
    {
      case: 'the key of a violated constraint',
      sql: 'INSERT INTO "Kept" VALUES (7), (7);',
      told: ['duplicate key value violates unique constraint "Kept_pkey"', 'Detail: Key (id)=(7) already exists.'],
    },
    {
      case: 'the missing table',
      sql: 'ALTER TABLE "nope" ADD COLUMN x int;',
      told: ['relation "nope" does not exist', 'SQLSTATE: 42P01'],
    },
  ])('a failed migration is reported with $case, even on the shadow database', async ({ sql, told }) => {
    project.writeMigration(NAME, sql)
    const args = ['migrate', 'diff', '--from-migrations', 'prisma/migrations', '--to-schema', 'prisma/schema.prisma']
    const { code, output } = await prisma(project.directory, database.url, args)
    expect(code).toBe(1)
    expect(output).toContain('Your database was not touched')
    for (const text of told) expect(output).toContain(text)
    expect(output).not.toContain('sql_schema_connector::')
  })
})

async function tablesOf(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  )
  await client.end()
  return rows.map((row) => row.name)
}
