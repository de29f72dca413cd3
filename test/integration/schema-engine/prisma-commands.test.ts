import { readdirSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEmptyTestDatabase, type TestDatabase } from '~test/support/database'
import { createPrismaProject, prisma } from '~test/support/prisma-project'

// In the order of a developer's work: each test starts where the one before ended.
describe("Prisma's commands without a downloaded engine", () => {
  let database: TestDatabase
  const project = createPrismaProject()

  let url: string

  beforeAll(async () => {
    database = await createEmptyTestDatabase()
    // A separate role, so that databases it leaves behind can be told from those of other tests.
    const developer = new URL(database.url)
    developer.username = developer.pathname.slice(1)
    url = developer.href
    const [name, password] = [developer.username, decodeURIComponent(developer.password)]
    await query(`CREATE ROLE "${name}" LOGIN CREATEDB PASSWORD '${password}'`, database.url)
    await query(`ALTER DATABASE "${name}" OWNER TO "${name}"`, database.url)
  })
  afterAll(async () => {
    const owned =
      'SELECT datname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE rolname = current_database()'
    expect(await query(owned)).toEqual([{ datname: new URL(url).username }])
    await database.drop()
    const { username } = new URL(url)
    await query(`DROP ROLE "${username}"`, Object.assign(new URL(database.url), { pathname: '/postgres' }).href)
    project.remove()
  })

  const run = (args: string, input?: string) => prisma(project.directory, url, args.split(' '), input)
  const query = async (sql: string, connectionString = url) => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    const { rows } = await client.query(sql)
    await client.end()
    return rows
  }

  it('migrate dev writes and applies the first migration', async () => {
    project.writeModels('model Ship {\n  id Int @id\n}')
    const { code, output } = await run('migrate dev --name first')
    expect(output).toContain('Your database is now in sync with your schema')
    expect(code).toBe(0)
    expect(await query('SELECT * FROM "Ship"')).toEqual([])
  })

  it('migrate dev --create-only writes a migration without applying it, and migrate dev applies it', async () => {
    project.writeModels('model Ship {\n  id Int @id\n  name String?\n}')
    expect((await run('migrate dev --name second --create-only')).code).toBe(0)
    const status = await run('migrate status')
    expect(status.output).toContain('have not yet been applied')
    expect(status.code).toBe(1)
    expect((await run('migrate dev')).code).toBe(0)
    expect(await query('SELECT name FROM "Ship"')).toEqual([])
  })

  it('migrate deploy sends a script whole, so function bodies keep their semicolons', async () => {
    const body = `CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 2; END $$;`
    project.writeMigration('20990101000000_function', `${body}\nINSERT INTO "Ship" VALUES (1, 'a;b');`)
    expect((await run('migrate deploy')).code).toBe(0)
    expect(await query('SELECT two(), name FROM "Ship"')).toEqual([{ two: 2, name: 'a;b' }])
  })

  it("db execute runs a script and prints PostgreSQL's refusal", async () => {
    expect((await run('db execute --stdin', 'INSERT INTO "Ship" VALUES (2, NULL);')).code).toBe(0)
    const refused = await run('db execute --stdin', 'INSERT INTO "Ship" VALUES (2, NULL);')
    expect(refused.code).toBe(1)
    expect(refused.output).toContain('Key (id)=(2) already exists')
    expect(await query('SELECT count(*)::int AS ships FROM "Ship"')).toEqual([{ ships: 2 }])
  })

  it('db pull can describe a table with the internal type "char"', async () => {
    await query('CREATE TABLE odd (id int PRIMARY KEY, letter "char" NOT NULL DEFAULT \'x\')')
    const { code, output } = await run('db pull --print')
    expect(output).toMatch(/model odd \{[^}]*letter/)
    expect(code).toBe(0)
    await query('DROP TABLE odd')
  })

  it('db push applies the schema, and requires a flag to lose data', async () => {
    project.writeModels('model Ship {\n  id Int @id\n}')
    expect((await run('db push')).code).toBe(1)
    expect((await run('db push --accept-data-loss')).code).toBe(0)
    expect(await query('SELECT * FROM "Ship" ORDER BY 1')).toEqual([{ id: 1 }, { id: 2 }])
  })

  it('migrate reset empties the database and applies every migration again', async () => {
    expect((await run('migrate reset --force')).code).toBe(0)
    expect(await query('SELECT name FROM "Ship"')).toEqual([{ name: 'a;b' }])
  })

  it('migrate resolve marks a migration as applied', async () => {
    project.writeMigration('20990202000000_by_hand', 'SELECT 1;')
    expect((await run('migrate resolve --applied 20990202000000_by_hand')).code).toBe(0)
    const status = await run('migrate status')
    expect(status.output).toContain('Database schema is up to date')
    expect(status.code).toBe(0)
    expect(readdirSync(path.join(project.directory, 'prisma/migrations'))).toContain('20990202000000_by_hand')
  })

  it('an unreachable server and an incorrect password are reported with the address and without the password', async () => {
    const gone = await prisma(project.directory, 'postgresql://u:hidden@127.0.0.1:1/nope', ['migrate', 'status'])
    expect(gone.output).toContain('P1001')
    expect(gone.output).toContain('database "nope" at 127.0.0.1:1')
    const wrong = new URL(database.url)
    wrong.password = 'hidden'
    const refused = await prisma(project.directory, wrong.href, ['migrate', 'status'])
    expect(refused.output).toContain('P1000')
    expect(`${gone.output}${refused.output}`).not.toContain('hidden')
  })
})
