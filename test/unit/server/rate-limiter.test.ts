import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '~/server/platform/http/rate-limits'

/** A limiter with a clock that the test moves. */
function limiterOf(perMinute: number | undefined) {
  let now = 0
  const limiter = createRateLimiter(perMinute, () => now)
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
