import { describe, expect, it } from 'vitest'
import { createRateLimiter, createRateLimits, type RateLimiter } from '~/server/platform/http/rate-limits'

/** A limiter with a clock that the test moves. */
function limiterOf(perMinute: number | undefined) {
  let now = 0
  const limiter = createRateLimiter(perMinute, { clock: () => now })
  const pass = (seconds: number): void => {
    now += seconds * 1000
  }
  return { ...limiter, pass }
}

describe('a rate limit', () => {
  it('admits the requests of a minute at once, then says how long to wait, and refills evenly', () => {
    const { take, pass } = limiterOf(60)
    expect(Array.from({ length: 60 }, () => take('a')).every((wait) => wait === 0)).toBe(true)
    expect(take('a')).toBe(1)
    pass(0.5)
    expect(take('a')).toBe(1)
    pass(0.5)
    expect([take('a'), take('a')]).toEqual([0, 1])
    pass(3600)
    expect(Array.from({ length: 61 }, () => take('a')).filter((wait) => wait > 0)).toHaveLength(1)
  })

  it('counts every key on its own', () => {
    const { take } = limiterOf(1)
    expect([take('a'), take('a'), take('b')]).toEqual([0, 60, 0])
  })

  it('refuses nothing if it is off', () => {
    const { take } = limiterOf(undefined)
    expect(Array.from({ length: 10_000 }, () => take('a')).every((wait) => wait === 0)).toBe(true)
  })

  it('remembers a limited number of keys, and forgets the one that was unused for longest', () => {
    const { take } = limiterOf(1)
    take('flooder')
    for (let key = 0; key < 19_999; key += 1) take(`other ${key}`)
    expect(take('flooder')).toBe(60)
    for (let key = 0; key < 20_000; key += 1) take(`another ${key}`)
    expect(take('flooder')).toBe(0)
  })
})

/** The table of the database, with a clock of its own. */
function sharedRates() {
  const used = new Map<string, number>()
  const calls: number[] = []
  return {
    calls,
    add: (now: () => number) => async (key: string, spentMs: number) => {
      calls.push(spentMs)
      const until = Math.max(used.get(key) ?? 0, now()) + spentMs
      used.set(key, until)
      return until - now()
    },
  }
}

describe('a rate limit of two replicas', () => {
  const now = () => 0
  const replicaOf = (shared: ReturnType<typeof sharedRates>, perMinute: number) =>
    createRateLimiter(perMinute, { clock: now, shared: shared.add(now) })
  /** The requests of one sender that pass, each after the replicas could tell each other. */
  const admitted = async (limiter: RateLimiter, count: number) => {
    let through = 0
    for (let n = 0; n < count; n += 1) {
      if (limiter.take('a') === 0) through += 1
      await new Promise(setImmediate)
    }
    return through
  }

  it('admits what one replica would admit, and at most a twentieth more for each replica', async () => {
    const shared = sharedRates()
    const [one, two] = [replicaOf(shared, 100), replicaOf(shared, 100)]
    expect(await admitted(one, 200)).toBe(100)
    expect(await admitted(two, 200)).toBeLessThanOrEqual(5)
    const others = [replicaOf(shared, 100), replicaOf(shared, 100)]
    expect(await admitted(others[0] ?? one, 5)).toBeLessThanOrEqual(5)
  })

  /** The requests of ten minutes that pass, each replica being asked at once, every `everyMs`, by a clock that moves. */
  const admittedEvenly = async ({ replicas, everyMs }: { replicas: number; everyMs: number }) => {
    let at = 0
    const shared = sharedRates()
    const all = Array.from({ length: replicas }, () =>
      createRateLimiter(60, { clock: () => at, shared: shared.add(() => at) }),
    )
    const waits: number[] = []
    for (; at < 600_000; at += everyMs) {
      waits.push(...all.map(({ take }) => take('a')))
      await new Promise(setImmediate)
    }
    return { admitted: waits.filter((wait) => wait === 0).length, of: waits.length }
  }

  it.each([2, 5])(
    'holds for a sender that asks each of %i replicas evenly, as often as the limit allows',
    async (replicas) => {
      // The requests of a minute at once, those of ten minutes, and a twentieth for each replica.
      const { admitted } = await admittedEvenly({ replicas, everyMs: 1_000 })
      expect(admitted).toBeLessThanOrEqual(60 + 600 + replicas * 3)
    },
  )

  it('refuses nothing to a sender that stays below the limit over all replicas', async () => {
    const { admitted, of } = await admittedEvenly({ replicas: 2, everyMs: 2_001 })
    expect(admitted).toBe(of)
  })

  it('does not tell of a sender that asks less than a twentieth of the limit in each minute', async () => {
    let at = 0
    const shared = sharedRates()
    const { take } = createRateLimiter(60, { clock: () => at, shared: shared.add(() => at) })
    for (; at < 600_000; at += 31_000) take('a')
    expect(shared.calls).toEqual([])
  })

  it('does not ask the database for a sender below a twentieth of the limit, or for refused requests', async () => {
    const shared = sharedRates()
    const limiter = replicaOf(shared, 100)
    await admitted(limiter, 4)
    expect(shared.calls).toEqual([])
    await admitted(limiter, 1_000)
    expect(shared.calls).toHaveLength(20)
  })

  it('limits on its own while the database is away, and asks it for a few senders at once only', async () => {
    let waiting = 0
    const away = createRateLimiter(20, {
      clock: now,
      shared: () => {
        waiting += 1
        return new Promise((_, reject) => setImmediate(reject))
      },
    })
    for (let sender = 0; sender < 50; sender += 1) away.take(`sender ${sender}`)
    expect(waiting).toBe(2)
    expect(await admitted(away, 100)).toBe(20)
  })

  it('asks the database for a few senders at once over all limits', () => {
    let waiting = 0
    const limits = createRateLimits({ rateLimitPerMinute: 20, rateLimitRefusedPerMinute: 20 }, () => {
      waiting += 1
      return new Promise(() => undefined)
    })
    for (const limiter of Object.values(limits)) for (let sender = 0; sender < 9; sender += 1) limiter.take(`${sender}`)
    expect(waiting).toBe(2)
  })
})
