import { describe, expect, it } from 'vitest'
import { isProofFresh } from '~/domain/actor'

const now = new Date('2026-11-21T12:00:00Z')
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000)

describe('a proof of who somebody is', () => {
  it.each([
    [0, true],
    [15, true],
    [15.001, false],
    [600, false],
  ])('%s minutes old: fresh is %s', (minutes, fresh) => {
    expect(isProofFresh({ via: 'session', provedAt: minutesAgo(minutes) }, now)).toBe(fresh)
  })

  it('is missing: a session without one never counts as fresh', () => {
    expect(isProofFresh({ via: 'session', provedAt: null }, now)).toBe(false)
  })

  it('by a replica whose clock is ahead counts as just made', () => {
    expect(isProofFresh({ via: 'session', provedAt: minutesAgo(-1) }, now)).toBe(true)
  })

  it('is not asked of a token: nobody sits in front of it, and its scope was chosen when it was made', () => {
    expect(isProofFresh({ via: 'token', provedAt: null }, now)).toBe(true)
  })
})
