import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { lockSurface, openFreeze } from '~/server/freezes/change-freezes'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>

beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
beforeEach(async () => {
  await console_.deps.db.freeze.deleteMany()
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const caller = () => createCaller(createContextInner(console_.deps, OPERATOR))
const freeze = (reason: string, startsAt?: Date) =>
  openFreeze(console_.deps, actorNamed('ada'), {
    environment: 'production',
    reason,
    ...(startsAt === undefined ? {} : { startsAt }),
  })

it('a tile lists its lock first, and then the freezes of its environment that are in force', async () => {
  const locked = await insertSurface(console_.deps)
  const other = await insertSurface(console_.deps)
  const staging = await insertSurface(console_.deps, { environment: 'staging' })
  await freeze('Release week')
  await freeze('Holidays', new Date(Date.now() + 3_600_000))
  await lockSurface(console_.deps, actorNamed('ada'), { surfaceId: locked.id, reason: 'Being migrated' })
  const { surfaces } = await caller().surfaces.list()
  const reasons = (id: string) => surfaces.find((tile) => tile.id === id)?.freezes.map(({ reason }) => reason)
  expect(reasons(locked.id)).toEqual(['Being migrated', 'Release week'])
  expect(reasons(other.id)).toEqual(['Release week'])
  expect(reasons(staging.id)).toEqual([])
})

it('the review blocks a deploy under a lock and a freeze, and names every freeze that an override would cover', async () => {
  const surface = await insertSurface(console_.deps)
  const first = await freeze('Release week')
  const second = await freeze('Incident')
  const lock = await lockSurface(console_.deps, actorNamed('ada'), { surfaceId: surface.id, reason: 'Being migrated' })
  const review = await caller().surfaces.review({ surfaceId: surface.id, ref: 'main' })
  expect(review.warnings.filter(({ blocking }) => blocking)).toMatchObject([
    { kind: 'locked', text: expect.stringContaining('Being migrated') },
    { kind: 'frozen', text: expect.stringContaining('Production is frozen') },
  ])
  expect(new Set(review.freezeIds)).toEqual(new Set([first.id, second.id, lock.id]))
})

it('the calendar shows windows from their declaration on, cut where they were lifted, and deploys by the time of their request', async () => {
  const { deps } = console_
  const now = Date.now()
  const [from, to] = [new Date(now - 5 * 86_400_000), new Date(now + 5 * 86_400_000)].map((at) => at.toISOString())
  const window = await caller().freezes.open({
    reason: 'Nightly',
    recurrence: { rule: 'FREQ=DAILY', timeZone: 'UTC', localStart: '2026-01-01T00:00', durationMinutes: 60 },
  })
  const lifted = await freeze('Release week')
  await caller().freezes.lift({ id: lifted.id })
  const { surface } = await insertDeployAt(deps, 'succeeded')
  const { freezes, deploys, incomplete } = await caller().freezes.calendar({ from: from ?? '', to: to ?? '' })
  const nights = freezes.filter(({ freezeId }) => freezeId === window.id)
  expect(nights.length).toBeGreaterThanOrEqual(5)
  expect(nights.length).toBeLessThanOrEqual(6)
  expect(nights.every(({ end }) => Date.parse(end ?? '') > now)).toBe(true)
  expect(freezes.find(({ freezeId }) => freezeId === lifted.id)).toMatchObject({
    lifted: true,
    end: expect.any(String),
  })
  expect(deploys.map((deploy) => deploy.surface.id)).toContain(surface.id)
  expect(incomplete).toEqual({ freezes: false, deploys: false })
  const later = new Date(now + 40 * 86_400_000).toISOString()
  expect((await caller().freezes.calendar({ from: to ?? '', to: later })).deploys).toEqual([])
})
