import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ARMED_ACTOR } from '~/domain/deploy/watch'
import { stopWatch } from '~/server/deploys/watch/stop-watch'
import { lockSurface, openFreeze, unlockSurface } from '~/server/freezes/change-freezes'
import { type ArmedWorld, BAD, createArmedWorld, GOOD, type SurfaceAnswer } from './armed-world'

/** PROPERTY_SEED repeats a printed run; PROPERTY_RUNS tries more. */
const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 60)
const LIMIT_MS = 60_000
/** If the machine plays fewer in the time, or too few of them roll back, the test proves too little. */
const LEAST_RUNS = 15
const LEAST_ROLLBACKS = 3

let world: ArmedWorld
beforeAll(async () => {
  world = await createArmedWorld()
})
afterAll(() => world.close())

const ANSWERS = {
  healthy: { status: 200, version: BAD },
  unhealthy: { status: 503, version: BAD },
  'unhealthy with another commit': { status: 503, version: GOOD },
  'unhealthy without a version': { status: 502 },
  'no answer': 'nothing',
} as const satisfies Record<string, SurfaceAnswer>

const probe = fc.record({
  kind: fc.constant('probe' as const),
  answer: fc.oneof(
    { weight: 14, arbitrary: fc.constant('unhealthy' as const) },
    { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[])) },
  ),
  seconds: fc.constantFrom(1, 5, 10, 10, 10, 10, 12, 12, 20, 20, 29, 31, 1800),
  workers: fc.constantFrom(1, 1, 2),
  /** How far the clock of the worker is ahead. */
  skew: fc.constantFrom(0, 0, 25),
  /** By a server of an older version, which records the answer and follows no watch. */
  foreign: fc.constantFrom(...Array.from({ length: 9 }, () => false), true),
})
const event = fc.oneof(
  { weight: 14, arbitrary: probe },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('job' as const), workers: fc.constantFrom(1, 2, 3) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('freeze', 'thaw', 'lock', 'unlock', 'stop', 'deploy', 'wait') }),
  },
)

interface Seen {
  readonly at: number
  readonly isProof: boolean
  readonly isForeign: boolean
}

it('the console rolls back once at most, on proof, within the watch, and never in a freeze, a lock or after a stop', async () => {
  process.stdout.write(`property seed ${seed} (PROPERTY_SEED=${seed} repeats it)\n`)
  let played = 0
  let rolledBack = 0
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 4, maxLength: 24 }), async (events) => {
      const { deps } = world
      await deps.db.freeze.deleteMany()
      const { surfaceId, deployId } = await world.shipped('auto', { minutes: 60 })
      const until = Date.parse((await world.watchOf(deployId))?.until ?? '')
      const seen: Seen[] = []
      let [isFrozen, isLocked, isDisarmed] = [false, false, false]
      const now = () => deps.now().getTime()
      const ignore = () => undefined
      for (const each of events) {
        switch (each.kind) {
          case 'probe': {
            world.answer(surfaceId, ANSWERS[each.answer])
            world.passSeconds(each.seconds)
            const clock = () => new Date(now() + each.skew * 1_000)
            if (each.foreign) await recordAsForeign(surfaceId, ANSWERS[each.answer], clock())
            else {
              const worker = { ...deps, now: clock }
              await Promise.all(Array.from({ length: each.workers }, () => world.probe(surfaceId, 0, worker)))
            }
            seen.push({ at: now(), isProof: each.answer === 'unhealthy', isForeign: each.foreign })
            break
          }
          case 'job': {
            const before = await world.rollbacksOf(surfaceId)
            await Promise.all(Array.from({ length: each.workers }, () => world.start(deployId)))
            const after = await world.rollbacksOf(surfaceId)
            expect(after.length).toBeLessThanOrEqual(1)
            if (after.length === before.length) break
            rolledBack += 1
            expect({ isFrozen, isLocked, isDisarmed }).toEqual({ isFrozen: false, isLocked: false, isDisarmed: false })
            expect(now()).toBeLessThan(until)
            const last = seen.at(-1)
            expect(last?.isProof).toBe(true)
            // A minute, by clocks that differ by 25 seconds.
            expect(now() - (last?.at ?? 0)).toBeLessThanOrEqual(85_000)
            expect(hasProof(seen.filter(({ at }) => at < until))).toBe(true)
            expect(world.github.dispatchesOf(after[0]?.id ?? '')).toBe(1)
            break
          }
          case 'freeze':
            await openFreeze(deps, world.grace, { environment: 'production', reason: 'Release week' })
            isFrozen = true
            break
          case 'thaw':
            await deps.db.freeze.deleteMany({ where: { kind: 'freeze' } })
            isFrozen = false
            break
          case 'lock': {
            // Once the decision is recorded, a lock refuses the request while it is in force.
            const isDecided = (await world.watchOf(deployId))?.stoppable !== true
            // The console's own lock stays.
            await lockSurface(deps, world.grace, { surfaceId, reason: 'I look into it' })
              .then(() => {
                isLocked = true
                isDisarmed ||= !isDecided
              })
              .catch(ignore)
            break
          }
          case 'unlock':
            if (isLocked) await unlockSurface(deps, world.grace, surfaceId).catch(ignore)
            isLocked = false
            break
          case 'stop':
            await stopWatch(deps, world.ada, deployId)
              .then(() => {
                isDisarmed = true
              })
              .catch(ignore)
            break
          case 'deploy':
            await world
              .ship(surfaceId, 'f'.repeat(40))
              .then(() => {
                isDisarmed = true
              })
              .catch(ignore)
            break
          case 'wait':
            world.passSeconds(300)
        }
      }
      const byConsole = await deps.db.deploy.count({ where: { surfaceId, requestedBy: ARMED_ACTOR } })
      expect(byConsole).toBeLessThanOrEqual(1)
      played += 1
    }),
    { seed, numRuns, interruptAfterTimeLimit: process.env['PROPERTY_RUNS'] === undefined ? LIMIT_MS : 3_600_000 },
  )
  expect(played).toBeGreaterThanOrEqual(Math.min(LEAST_RUNS, numRuns))
  expect(rolledBack).toBeGreaterThanOrEqual(Math.min(LEAST_ROLLBACKS, numRuns))
}, 3_600_000)

/**
 * The rule of ADR 060 in its own words: some answers, with none in between, were all proofs that this version's workers got; three or more; never
 * more than 30 seconds apart; 20 seconds or more from the first to the last.
 */
function hasProof(seen: readonly Seen[]): boolean {
  return seen.some((first, from) =>
    seen.some((last, to) => {
      const row = seen.slice(from, to + 1)
      return (
        row.length >= 3 &&
        last.at - first.at >= 20_000 &&
        row.every(({ isProof, isForeign }) => isProof && !isForeign) &&
        row.every(({ at }, index) => at - (row[index - 1]?.at ?? at) <= 30_000)
      )
    }),
  )
}

async function recordAsForeign(surfaceId: string, answer: SurfaceAnswer, at: Date): Promise<void> {
  const isAnswered = answer !== 'nothing'
  const health = !isAnswered ? 'unreachable' : answer.status === 200 ? 'healthy' : 'unhealthy'
  const version = isAnswered && 'version' in answer ? { runningSha: answer.version ?? null, runningSeenAt: at } : {}
  const data = { health, healthDetail: null, healthCheckedAt: at, ...version }
  await world.deps.db.surface.update({ where: { id: surfaceId }, data })
}
