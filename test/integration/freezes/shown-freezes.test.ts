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

it('the calendar and its question refuse times that are far away, and the question a time that has passed', async () => {
  const { id: surfaceId } = await insertSurface(console_.deps)
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  const refused = { cause: { code: 'invalid_input' } }
  for (const days of [-800, 801]) {
    const far = caller().freezes.calendar({ from: inDays(days - 20), to: inDays(days) })
    await expect(far).rejects.toMatchObject(refused)
  }
  const ask = (at: string) => caller().freezes.netState({ surfaceId, at })
  for (const at of [inDays(801), '9999-12-01T00:00:00Z', inDays(-0.01)]) {
    await expect(ask(at)).rejects.toMatchObject(refused)
  }
  expect(await ask(new Date(Date.now() - 30_000).toISOString())).toMatchObject({ answer: expect.any(String) })
  expect(await ask(inDays(700))).toMatchObject({ answer: expect.any(String) })
})

it('a window that recurs is refused in a zone that cannot be computed, and beside 100 others', async () => {
  const { deps } = console_
  const recurrence = { rule: 'FREQ=DAILY', timeZone: 'UTC', localStart: '2026-01-01T00:00', durationMinutes: 60 }
  const open = (timeZone: string) =>
    caller().freezes.open({ reason: 'Nightly', recurrence: { ...recurrence, timeZone } })
  await expect(open('PST')).rejects.toMatchObject({ cause: { code: 'invalid_input' } })
  const { rule, ...times } = recurrence
  const row = { environment: 'production', reason: 'Nightly', recurrence: rule, ...times, createdBy: 'ada' }
  const at = new Date('2026-01-01T00:00:00Z')
  await deps.db.freeze.createMany({
    data: Array.from({ length: 99 }, () => ({ ...row, id: deps.newId(), startsAt: at, createdAt: at })),
  })
  const last = await open('UTC')
  await expect(open('UTC')).rejects.toMatchObject({ cause: { code: 'windows_full' } })
  await caller().freezes.lift({ id: last.id })
  await open('UTC')
  // With the lifted one, the last day has one window more than a calendar computes.
  const day = (from: number) => {
    const [start, end] = [from, from + 86_400_000].map((time) => new Date(time).toISOString())
    return caller().freezes.calendar({ from: start ?? '', to: end ?? '' })
  }
  expect((await day(Date.now())).incomplete.freezes).toBe(false)
  expect((await day(Date.now() - 86_000_000)).incomplete.freezes).toBe(true)
})
