import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DEPLOY_KINDS } from '~/domain/deploy/approval'
import type { DeployFilter } from '~/domain/deploy/deploy-list'
import { rangeEnd, rangeStart } from '~/domain/input'
import { dayOf, MEASURE_NAMES, type Measure, type MeasureSums, type Part, PERIODS } from '~/domain/insights'
import { listAllDeploys } from '~/server/deploys/read/list-all-deploys'
import { readInsights } from '~/server/insights/read-insights'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'

/** PROPERTY_SEED repeats a printed run; PROPERTY_RUNS tries more histories. */
const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 60)
const LIMIT_MS = 60_000
const LEAST_RUNS = 15

const NOW = new Date('2026-11-29T15:04:05.678Z')
const DAY_MS = 86_400_000

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  for (const id of ['api', 'api-eu', 'web']) await insertSurface(console_.deps, { id })
  await console_.deps.db.surface.update({ where: { id: 'web' }, data: { workflow: 'web.yml' } })
})
afterAll(() => console_.close())

const SERVICES: Readonly<Record<string, string>> = { api: 'api', 'api-eu': 'api', web: 'web' }

const history = fc.array(
  fc.record({
    surfaceId: fc.constantFrom('api', 'api', 'api-eu', 'web'),
    environment: fc.constantFrom('production', 'production', 'production', 'staging'),
    kind: fc.constantFrom(...DEPLOY_KINDS, 'deploy' as const, 'rollback' as const),
    end: fc.constantFrom(
      'succeeded',
      'succeeded',
      'succeeded',
      'failed',
      'health',
      'health',
      'cancelled',
      'timed_out',
      null,
    ),
    shipped: fc.constantFrom('yes', 'yes', 'yes', 'no', 'unknown'),
    /** Since the deploy before. Some histories begin before the period, and some span it. */
    pauseMs: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: DAY_MS }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 20 * DAY_MS }) },
    ),
    /** Few commits, so that one is deployed again and rolled back to; null: not known. */
    sha: fc.constantFrom('a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40), 'd'.repeat(40), null),
    lengthMs: fc.integer({ min: 1, max: 1_000_000 }),
    /** Before the request; a committer's clock may be ahead of it. */
    committedMs: fc.option(fc.integer({ min: -1_000, max: 100_000_000 })),
  }),
  { maxLength: 40 },
)

type History = ReturnType<typeof timed>
/** The last deploys of a surface end shortly before now, one after the other. */
function timed(events: readonly (typeof history extends fc.Arbitrary<(infer One)[]> ? One : never)[]) {
  let at = NOW.getTime()
  const busy = new Set<string>()
  return events.map(({ pauseMs, lengthMs, committedMs, end, ...facts }) => {
    at -= pauseMs
    // Only the last deploy of a surface may still be under way.
    const isEnded = end !== null || busy.has(facts.surfaceId)
    busy.add(facts.surfaceId)
    const requestedAt = new Date(at)
    return {
      ...facts,
      id: `${at
        .toString(16)
        .padStart(12, '0')
        .replace(/^(.{8})/, '$1-')}-7000-8000-${String(events.length).padStart(12, '0')}`,
      status: !isEnded ? 'deploying' : end === 'health' ? 'failed' : (end ?? 'succeeded'),
      failureStage: end === 'health' ? 'health_check_failed' : end === 'failed' ? 'deploy_failed' : null,
      requestedAt,
      finishedAt: isEnded ? new Date(at + Math.min(lengthMs, pauseMs)) : null,
      committedAt: committedMs === null ? null : new Date(at - committedMs),
    }
  })
}

type Deploy = History[number]

/**
 * "A change failed if its health check failed after it was shipped, or if the next deploy that was shipped to its surface is a rollback to
 * another commit." When it failed; `unknown` if a deploy that may have been shipped lies before the rollback, or a commit is not known.
 */
function failureOf(deploy: Deploy, following: readonly Deploy[]): Date | 'unknown' | null {
  const rollback = following.find(({ shipped }) => shipped === 'yes')
  const health = deploy.failureStage === 'health_check_failed' ? deploy.finishedAt : null
  if (rollback?.kind !== 'rollback' || (deploy.sha !== null && rollback.sha === deploy.sha)) return health
  const passed = following.slice(0, following.indexOf(rollback))
  const isProven = deploy.sha !== null && rollback.sha !== null && passed.every(({ shipped }) => shipped === 'no')
  if (!isProven) return health ?? 'unknown'
  return health !== null && health < rollback.requestedAt ? health : rollback.requestedAt
}

/** The definitions on the page once more, deploy by deploy. */
function judge(all: History) {
  return all.flatMap((deploy) => {
    if (deploy.environment !== 'production' || deploy.finishedAt === null) return []
    const following = all
      .filter((other) => other.surfaceId === deploy.surfaceId && other.id > deploy.id && other.finishedAt !== null)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const isAgain = all.some(
      ({ surfaceId, id, sha, shipped }) =>
        surfaceId === deploy.surfaceId && id < deploy.id && shipped === 'yes' && sha !== null && sha === deploy.sha,
    )
    const is = new Set<Measure>()
    let [leadTime, restoreTime]: [number | null, number | null] = [null, null]
    if (deploy.shipped === 'unknown') is.add('shipping_unknown')
    if (deploy.shipped === 'yes') {
      const isGood = deploy.status === 'succeeded'
      if (isGood) is.add('deployment')
      if (deploy.kind !== 'rollback') {
        if (isGood && !isAgain) {
          const isTimed = deploy.committedAt !== null && deploy.committedAt <= deploy.requestedAt
          is.add(isTimed ? 'lead_time' : 'lead_unknown')
          if (isTimed) leadTime = deploy.finishedAt.getTime() - (deploy.committedAt?.getTime() ?? 0)
        }
        const failedAt = failureOf(deploy, following)
        if (failedAt instanceof Date) {
          is.add('failure')
          const back = following.find(({ shipped, status }) => shipped === 'yes' && status === 'succeeded')?.finishedAt
          is.add(back === undefined ? 'unrestored' : 'restored')
          if (back) restoreTime = back.getTime() - failedAt.getTime()
        }
        if (failedAt === 'unknown' || (failedAt === null && !isGood)) is.add('failure_unknown')
        else is.add('change')
      }
    }
    return [{ ...deploy, is, leadTime, restoreTime }]
  })
}
type Judged = ReturnType<typeof judge>

const median = (times: readonly (number | null)[]): number | null => {
  const sorted = times.filter((time) => time !== null).sort((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}

/** The middle of two milliseconds may be half of one, and a median of seconds is not exact. */
const roundedTime = (time: number | null): number | null => (time === null ? null : Math.round(time * 2) / 2)
const rounded = ({ counts, leadTime, restoreTime }: MeasureSums) => ({
  counts,
  leadTime: roundedTime(leadTime),
  restoreTime: roundedTime(restoreTime),
})
const sumUp = (some: Judged) => ({
  counts: Object.fromEntries(
    MEASURE_NAMES.map((measure) => [measure, some.filter(({ is }) => is.has(measure)).length]),
  ),
  leadTime: roundedTime(median(some.map(({ leadTime }) => leadTime))),
  restoreTime: roundedTime(median(some.map(({ restoreTime }) => restoreTime))),
})
const isIn = (part: Part) => (deploy: Judged[number]) =>
  dayOf(deploy.requestedAt) >= part.from && dayOf(deploy.requestedAt) <= part.to

async function store(events: History) {
  const { db } = console_.deps
  await db.deploy.deleteMany()
  await db.deploy.createMany({
    data: events.map((event) => ({
      ...event,
      ...{ repository: 'acme/platform', workflow: 'w.yml', ref: 'main', workflowRef: 'main', requestedBy: 'ada' },
      ...{ idempotencyKey: event.id, requestDigest: 'd', phaseCallbacks: true, lastEventAt: event.requestedAt },
    })),
  })
}

async function listed(filter: DeployFilter): Promise<string[]> {
  const page = await listAllDeploys(console_.deps, { filter, cursor: null, limit: 200 })
  return page.deploys.map(({ id }) => id).sort()
}

it(
  'every figure is the one that a second account of the rules gives, and leads to exactly its deploys',
  async () => {
    process.stdout.write(`property seed ${seed} (PROPERTY_SEED=${seed} repeats it)\n`)
    const deps = { ...console_.deps, now: () => NOW }
    let played = 0
    await fc.assert(
      fc.asyncProperty(history, fc.constantFrom(...PERIODS), async (events, days) => {
        const stored = timed(events)
        await store(stored)
        const judged = judge(stored)
        const insights = await readInsights(deps, { days })
        const whole = { from: insights.from, to: dayOf(NOW) }
        const inPeriod = judged.filter(isIn(whole))
        expect(rounded(insights.total)).toEqual(sumUp(inPeriod))
        for (const part of insights.parts) expect(rounded(part)).toEqual(sumUp(judged.filter(isIn(part))))
        for (const [id, own] of Object.entries(SERVICES)) {
          const service = insights.services.find((one) => one.id === own)
          const found = service?.surfaces.find((one) => one.id === id)
          const expected = inPeriod.filter(({ surfaceId }) => surfaceId === id)
          if (found !== undefined) expect(rounded(found)).toEqual(sumUp(expected))
          else expect(expected.filter(({ shipped }) => shipped !== 'no')).toEqual([])
          const ofService = inPeriod.filter(({ surfaceId }) => SERVICES[surfaceId] === own)
          if (service !== undefined) expect(rounded(service)).toEqual(sumUp(ofService))
        }
        const bounds = { from: rangeStart.parse(whole.from), to: rangeEnd.parse(whole.to) }
        for (const measure of MEASURE_NAMES) {
          const behind = inPeriod.filter(({ is }) => is.has(measure))
          expect(await listed({ measure, ...bounds }), measure).toEqual(behind.map(({ id }) => id).sort())
          expect(await listed({ measure, service: 'api-eu', ...bounds }), `${measure} of a service`).toEqual(
            behind.flatMap(({ id, surfaceId }) => (SERVICES[surfaceId] === 'api' ? [id] : [])).sort(),
          )
        }
        const scoped = await readInsights(deps, { days, service: 'api-eu' })
        expect(rounded(scoped.total)).toEqual(sumUp(inPeriod.filter(({ surfaceId }) => surfaceId !== 'web')))
        const single = await readInsights(deps, { days, surface: 'web' })
        expect(rounded(single.total)).toEqual(sumUp(inPeriod.filter(({ surfaceId }) => surfaceId === 'web')))
        played += 1
      }),
      { seed, numRuns, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: false },
    )
    expect(played).toBeGreaterThanOrEqual(LEAST_RUNS)
  },
  2 * LIMIT_MS,
)

const COMMITS = { good: 'a'.repeat(40), bad: 'b'.repeat(40) }

/** A good deploy, a bad one and a rollback to the good one, an hour apart. */
const rolledBack = (bad: Pick<Deploy, 'status' | 'shipped'>) =>
  timed(
    [
      { kind: 'rollback' as const, sha: COMMITS.good, shipped: 'yes' as const },
      { kind: 'deploy' as const, sha: COMMITS.bad, shipped: bad.shipped },
      { kind: 'deploy' as const, sha: COMMITS.good, shipped: 'yes' as const },
    ].map((facts) => ({
      ...{ surfaceId: 'api', environment: 'production', end: 'succeeded', pauseMs: 3_600_000, lengthMs: 60_000 },
      ...{ committedMs: null, ...facts },
    })),
  ).map((deploy) => (deploy.sha === COMMITS.bad ? { ...deploy, ...bad } : deploy))

it.each([
  [{ status: 'timed_out', shipped: 'unknown' }, 0],
  [{ status: 'failed', shipped: 'no' }, 0],
  [{ status: 'succeeded', shipped: 'yes' }, 1],
] as const)('the deploy to which a rollback returns did not fail, whatever was between: %j', async (bad, failures) => {
  const stored = rolledBack(bad)
  await store(stored)
  const deps = { ...console_.deps, now: () => NOW }
  const { total } = await readInsights(deps, { days: 7 })
  expect(total.counts).toMatchObject({ failure: failures, failure_unknown: 0, change: 1 + failures })
  expect(await listed({ measure: 'failure' })).toEqual(
    stored.flatMap(({ id, sha }) => (failures === 1 && sha === COMMITS.bad ? [id] : [])),
  )
})

it('the frequency is measured from the first deploy of each row and of the selection, over the time that has passed', async () => {
  const stored = rolledBack({ status: 'succeeded', shipped: 'yes' })
  const days = (before: number) => new Date(NOW.getTime() - before * DAY_MS)
  const [first, , last] = stored.toReversed()
  if (first === undefined || last === undefined) throw new Error('three deploys')
  await store([
    { ...first, requestedAt: days(5.5), finishedAt: days(5.4) },
    { ...last, surfaceId: 'web', requestedAt: days(2.25), finishedAt: days(2.2) },
  ])
  const deps = { ...console_.deps, now: () => NOW }
  const all = await readInsights(deps, { days: 30 })
  expect([all.total.recordedDays, all.recordedFrom]).toEqual([5.5, dayOf(days(5.5))])
  expect(all.services.map(({ id, recordedDays }) => [id, recordedDays])).toEqual([
    ['api', 5.5],
    ['web', 2.25],
  ])
  const web = await readInsights(deps, { days: 30, surface: 'web' })
  expect([web.total.recordedDays, web.recordedFrom]).toEqual([2.25, dayOf(days(2.25))])
  await store([{ ...first, requestedAt: days(0.1), finishedAt: days(0.05) }])
  expect((await readInsights(deps, { days: 30 })).total.recordedDays).toBe(1)
  await store([{ ...first, requestedAt: days(40), finishedAt: days(39) }])
  expect(await readInsights(deps, { days: 7 })).toMatchObject({
    recordedFrom: null,
    total: { recordedDays: 6 + (NOW.getTime() % DAY_MS) / DAY_MS },
  })
})
