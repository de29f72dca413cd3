import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Database, violatedUniqueIndex } from '~/server/platform/database'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'

// The database's unique indexes decide races, so every way to it must say which one was violated.

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
  ['Prisma', () => console_.deps.db.surface.create({ data: twin })],
  ['a statement over Prisma', () => console_.deps.db.$executeRaw`INSERT INTO "surfaces" SELECT * FROM "surfaces"`],
  ['a query over Prisma', () => console_.deps.db.$queryRaw`INSERT INTO "surfaces" SELECT * FROM "surfaces"`],
])('%s says which unique index was violated', async (_, insert) => {
  expect(violatedUniqueIndex(await thrownBy(insert))).toBe('surfaces_pkey')
})

it.each([
  ['Prisma', () => console_.deps.db.surface.update({ where: { id: 'nowhere' }, data: { name: '' } })],
  ['a statement over Prisma', () => console_.deps.db.$executeRaw`INSERT INTO "surfaces" ("id") VALUES ('half')`],
])('%s that failed otherwise violated none', async (_, change) => {
  expect(violatedUniqueIndex(await thrownBy(change))).toBeNull()
})

const thrownBy = async (work: () => PromiseLike<unknown>): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('It did not fail.')
}
