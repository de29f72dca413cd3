import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ARMED_ACTOR } from '~/domain/deploy/watch'
import { FAILING_PROBES, FAILING_SECONDS } from '~/domain/surface/failing-probes'
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
    { weight: 8, arbitrary: fc.constant('unhealthy' as const) },
    { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[])) },
  ),
  seconds: fc.constantFrom(1, 5, 10, 12, 20, 200),
  workers: fc.constantFrom(1, 2),
})
const event = fc.oneof(
  { weight: 10, arbitrary: probe },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('job' as const), workers: fc.constantFrom(1, 2, 3) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('freeze', 'thaw', 'lock', 'unlock', 'stop', 'deploy', 'wait') }),
  },
)

interface Seen {
  readonly at: number
  readonly isProof: boolean
}

it('the console rolls back once at most, on proof, within the watch, and never in a freeze, a lock or after a stop', async () => {
  process.stdout.write(`property seed ${seed} (PROPERTY_SEED=${seed} repeats it)\n`)
  let played = 0
  let rolledBack = 0
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 4, maxLength: 24 }), async (events) => {
      const { deps } = world
      await deps.db.freeze.deleteMany()
      const { surfaceId, deployId } = await world.shipped('auto')
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
            await Promise.all(Array.from({ length: each.workers }, () => world.probe(surfaceId, 0)))
            seen.push({ at: now(), isProof: each.answer === 'unhealthy' })
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
            expect(seen.at(-1)?.isProof).toBe(true)
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

/** Whether some failing probes in a row were enough. The last of them may be followed by others. */
function hasProof(seen: readonly Seen[]): boolean {
  let row: number[] = []
  for (const { at, isProof } of seen) {
    row = isProof ? [...row, at] : []
    const [first = at] = row
    if (row.length >= FAILING_PROBES && at - first >= FAILING_SECONDS * 1_000) return true
  }
  return false
}
