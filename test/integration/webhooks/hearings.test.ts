import { afterAll, beforeAll, expect, it } from 'vitest'
import { readHearings, recordActivity, recordHearing } from '~/server/webhooks/webhook-hearings.sql'
import { createTestConsole, type TestConsole } from '~test/support/console'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_?.close())

const AT = new Date('2026-11-28T12:00:00Z')
const after = (seconds: number) => new Date(AT.getTime() + seconds * 1000)
const insertHearing = (repository: string, seconds: number, event = 'workflow_run') =>
  recordHearing(console_.deps.db, { repository, subjects: ['runs'], event, at: after(seconds) })
/** Where PostgreSQL stores the rows: each write moves one. */
const readLocations = async () => {
  const rows = await console_.deps.db.$queryRaw`SELECT ctid::text FROM "webhook_hearings" ORDER BY 1`
  return JSON.stringify(rows)
}

it('a storm of webhooks writes one row every half minute', async () => {
  await insertHearing('Acme/Storm', 0)
  const written = await readLocations()
  for (let second = 0; second <= 30; second++) await insertHearing('acme/storm', second)
  expect(await readLocations()).toBe(written)
  await insertHearing('acme/storm', 31)
  expect(await readLocations()).not.toBe(written)
  const heard = (await readHearings(console_.deps.db, 'runs')).get('acme/storm')
  expect(heard).toEqual({ heardAt: after(31), activeAt: null })
})

it('a late webhook does not replace a later one', async () => {
  await insertHearing('acme/late', 100)
  await insertHearing('acme/late', 0)
  expect((await readHearings(console_.deps.db, 'runs')).get('acme/late')?.heardAt).toEqual(after(100))
})

it('the newest activity is kept beside the last webhook, whatever the order', async () => {
  const list = (seconds: number) =>
    recordActivity(console_.deps.db, { repository: 'acme/Listed', subject: 'runs', at: after(seconds) })
  await list(5)
  await insertHearing('acme/listed', 1)
  await list(3)
  expect((await readHearings(console_.deps.db, 'runs')).get('acme/listed')).toEqual({
    heardAt: after(1),
    activeAt: after(5),
  })
})

it('the last webhook is recorded separately for runs, refs and other events', async () => {
  await recordHearing(console_.deps.db, { repository: 'acme/own', subjects: ['refs'], event: 'push', at: AT })
  expect((await readHearings(console_.deps.db, 'runs')).get('acme/own')).toBeUndefined()
  expect((await readHearings(console_.deps.db, 'refs')).get('acme/own')?.heardAt).toEqual(AT)
})
