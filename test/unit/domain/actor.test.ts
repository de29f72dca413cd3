import { describe, expect, it } from 'vitest'
import { isProofFresh } from '~/domain/actor'

const now = new Date('2026-11-21T12:00:00Z')
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000)

describe('a proof of identity', () => {
  it.each([
    [0, true],
    [15, true],
    [15.001, false],
    [600, false],
  ])('that is %s minutes old is fresh: %s', (minutes, fresh) => {
    expect(isProofFresh({ via: 'session', provedAt: minutesAgo(minutes) }, now)).toBe(fresh)
  })

  it('that is missing is never fresh', () => {
    expect(isProofFresh({ via: 'session', provedAt: null }, now)).toBe(false)
  })

  it('from a replica whose clock is ahead is fresh', () => {
    expect(isProofFresh({ via: 'session', provedAt: minutesAgo(-1) }, now)).toBe(true)
  })

  it('is not required of a token', () => {
    expect(isProofFresh({ via: 'token', provedAt: null }, now)).toBe(true)
  })
})
