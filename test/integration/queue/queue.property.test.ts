import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AppError } from '~/domain/errors'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { continueQueue } from '~/server/queue/continue-queue'
import { withdrawQueued } from '~/server/queue/leave-queue'
import { takeTurn } from '~/server/queue/take-turn'
import { watchQueues } from '~/server/queue/watch-queues'
import { insertSurface } from '~test/support/console'
import { createQueueWorld, type QueueWorld } from './queue-world'

/** PROPERTY_SEED repeats a printed run; PROPERTY_RUNS tries more lives. */
const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 25)

let world: QueueWorld
beforeAll(async () => {
  world = await createQueueWorld()
})
afterAll(() => world.close())

type Act =
  | { readonly kind: 'ask'; readonly ref: string; readonly by: 'ada' | 'bob'; readonly queue: boolean }
  | { readonly kind: 'withdraw'; readonly which: number }
  | { readonly kind: 'end'; readonly as: 'succeeded' | 'failed' | 'cancelled' | 'timed_out' }
  | { readonly kind: 'continue' | 'lock' | 'unlock' }
  /** Several workers at once, after so many minutes. */
  | { readonly kind: 'turn'; readonly workers: number; readonly afterMinutes: number }

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      ref: fc.constantFrom('one', 'two', 'three', 'four'),
      by: fc.constantFrom('ada' as const, 'bob' as const),
      queue: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), which: fc.nat(5) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      as: fc.constantFrom(
        'succeeded' as const,
        'succeeded' as const,
        'failed' as const,
        'cancelled' as const,
        'timed_out' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('continue' as const, 'lock' as const, 'unlock' as const) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('turn' as const),
      workers: fc.integer({ min: 1, max: 3 }),
      afterMinutes: fc.constantFrom(0, 0, 1, 25, 61),
    }),
  },
)

it('a queue keeps its order, admits one deploy at a time, and dispatches nothing that has ended', async () => {
  process.stdout.write(`property seed ${seed} (PROPERTY_SEED=${seed} repeats it)\n`)
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 6, maxLength: 24 }), async (acts) => {
      const life = await newLife()
      for (const each of acts) {
        await life.play(each)
        await life.check()
      }
    }),
    { seed, numRuns },
  )
}, 3_600_000)

async function newLife() {
  await world.reset()
  const surface = await insertSurface(world.deps, { environment: 'staging' })
  const surfaceId = surface.id
  let offsetMs = 0
  const deps = { ...world.deps, now: () => new Date(Date.now() + offsetMs) }
  /** Requests that have ended without a deploy, as last seen. */
  const over = new Map<string, string>()
  const { db } = deps
  const requests = () => db.queuedRequest.findMany({ where: { surfaceId }, orderBy: { id: 'asc' } })
  const newest = async () => (await world.deploysOf(surfaceId)).at(-1)

  const play = async (each: Act): Promise<void> => {
    switch (each.kind) {
      case 'ask': {
        const { ref, queue } = each
        await ignoringRefusals(requestDeploy(deps, world[each.by], world.requestFor(surface, { ref, queue })))
        return
      }
      case 'withdraw': {
        const row = (await requests())[each.which]
        if (row !== undefined) await ignoringRefusals(withdrawQueued(deps, world.grace, row.id))
        return
      }
      case 'end': {
        const deploy = await newest()
        if (deploy !== undefined && deploy.finishedAt === null) await world.end(deploy.id, each.as)
        return
      }
      case 'continue': {
        const deploy = await newest()
        if (deploy !== undefined)
          await ignoringRefusals(continueQueue(deps, world.ada, { surfaceId, deployId: deploy.id }))
        return
      }
      case 'lock':
        await db.freeze.deleteMany({ where: { surfaceId } })
        await db.freeze.create({
          data: {
            ...{ id: randomUUID(), kind: 'lock', surfaceId, reason: 'Migration', startsAt: new Date(0) },
            ...{ createdBy: 'grace', createdByUserId: world.grace.userId, createdAt: new Date(0) },
          },
        })
        return
      case 'unlock':
        await db.freeze.deleteMany({ where: { surfaceId } })
        return
      case 'turn': {
        offsetMs += each.afterMinutes * 60_000
        const before = await requests()
        const stopped = await isStopped()
        const turns = Array.from({ length: each.workers }, () => takeTurn(deps, surfaceId))
        await Promise.all([watchQueues(deps), ...turns])
        await checkTurn(before, stopped)
      }
    }
  }

  /** The newest deploy did not end well, and nobody continued. */
  const isStopped = async (): Promise<boolean> => {
    const deploy = await newest()
    return deploy !== undefined && deploy.status !== 'succeeded' && deploy.queueContinuedAt === null
  }

  /** At most one request was taken: the first that neither was refused at this turn nor had expired. */
  const checkTurn = async (before: Awaited<ReturnType<typeof requests>>, stopped: boolean) => {
    const after = new Map((await requests()).map((row) => [row.id, row]))
    const waited = before.filter(({ state }) => state === 'waiting')
    const now = waited.map(({ id }) => after.get(id)?.state ?? 'gone')
    const taken = now.filter((state) => state === 'deployed').length
    expect(taken).toBeLessThanOrEqual(1)
    if (stopped) expect(now.filter((state) => state !== 'waiting' && state !== 'expired')).toEqual([])
    const firstLeft = now.indexOf('waiting')
    const at = now.indexOf('deployed')
    expect(at >= 0 && firstLeft >= 0 && firstLeft < at, `order: ${now.join(', ')}`).toBe(false)
  }

  const check = async (): Promise<void> => {
    const deploys = await world.deploysOf(surfaceId)
    expect(deploys.filter(({ finishedAt }) => finishedAt === null).length).toBeLessThanOrEqual(1)
    for (const { id } of deploys) expect(world.github.dispatchesOf(id)).toBe(1)
    const rows = await requests()
    const waitingRefs = rows
      .filter(({ state }) => state === 'waiting')
      .map(({ ref, requestedBy }) => `${requestedBy} ${ref}`)
    expect(new Set(waitingRefs).size).toBe(waitingRefs.length)
    for (const row of rows) {
      const own = deploys.filter((deploy) => deploy.idempotencyKey === row.idempotencyKey)
      expect(own.map(({ id }) => id)).toEqual(row.deployId === null ? [] : [row.deployId])
      if (over.has(row.id)) expect(row.state, 'an end is final').toBe(over.get(row.id))
      if (row.state !== 'waiting') over.set(row.id, row.state)
    }
  }
  return { play, check }
}

async function ignoringRefusals(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof AppError)) throw error
  }
}
