import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Database, violatedUniqueIndex } from '~/server/platform/database'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'

// Unique indexes decide races, so every way to the database has to name the index that was violated.

let console_: TestConsole
let twin: Parameters<Database['surface']['create']>[0]['data']
beforeAll(async () => {
  console_ = await createTestConsole()
  const { id } = await insertSurface(console_.deps)
  const declared = { name: 'Twin', environment: 'staging', repository: 'a/b', workflow: 'w.yml', ref: 'main' }
  twin = { ...declared, id, url: '', healthUrl: '', confirm: '', timeoutMinutes: 1, position: 1 }
})
afterAll(() => console_.close())

it.each([
  ['a Prisma model', () => console_.deps.db.surface.create({ data: twin })],
  ['a statement through Prisma', () => console_.deps.db.$executeRaw`INSERT INTO "surfaces" SELECT * FROM "surfaces"`],
  ['a query through Prisma', () => console_.deps.db.$queryRaw`INSERT INTO "surfaces" SELECT * FROM "surfaces"`],
])('an error of %s names the unique index that was violated', async (_, insert) => {
  expect(violatedUniqueIndex(await thrownBy(insert))).toBe('surfaces_pkey')
})

it.each([
  ['a Prisma model', () => console_.deps.db.surface.update({ where: { id: 'nowhere' }, data: { name: '' } })],
  ['a statement through Prisma', () => console_.deps.db.$executeRaw`INSERT INTO "surfaces" ("id") VALUES ('half')`],
])('an error of %s without a violated unique index names none', async (_, change) => {
  expect(violatedUniqueIndex(await thrownBy(change))).toBeNull()
})

const thrownBy = async (work: () => PromiseLike<unknown>): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('The work succeeded.')
}
