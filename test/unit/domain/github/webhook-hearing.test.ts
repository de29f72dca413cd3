import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hearingState, lookInterval } from '~/domain/github/webhook-hearing'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = new Date('2026-11-28T12:00:00Z')
const ago = (ms: number) => new Date(NOW.getTime() - ms)

describe('the webhooks of a repository', () => {
  it('are unheard until the first one arrives, whatever GitHub lists', () => {
    expect(hearingState({ heardAt: null, activeAt: null }, NOW)).toBe('unheard')
    expect(hearingState({ heardAt: null, activeAt: ago(HOUR) }, NOW)).toBe('unheard')
  })

  it('are heard while the repository has no activity, however old the last one is', () => {
    expect(hearingState({ heardAt: ago(90 * 24 * HOUR), activeAt: null }, NOW)).toBe('heard')
    expect(hearingState({ heardAt: ago(24 * HOUR), activeAt: ago(25 * HOUR) }, NOW)).toBe('heard')
  })

  it('are silent once GitHub lists activity that no webhook announced within five minutes', () => {
    const heardAt = ago(HOUR)
    expect(hearingState({ heardAt, activeAt: ago(5 * MINUTE) }, NOW)).toBe('heard')
    expect(hearingState({ heardAt, activeAt: ago(5 * MINUTE + 1) }, NOW)).toBe('silent')
  })

  it('are heard again with the next one', () => {
    expect(hearingState({ heardAt: ago(0), activeAt: ago(10 * MINUTE) }, NOW)).toBe('heard')
  })

  it('are not silent because of a clock or a record that differs by a minute', () => {
    expect(hearingState({ heardAt: ago(11 * MINUTE), activeAt: ago(10 * MINUTE) }, NOW)).toBe('heard')
  })
})

describe('the time between two background looks', () => {
  it('is an hour while webhooks arrive, and the usual time otherwise', () => {
    const heard = { heardAt: ago(MINUTE), activeAt: ago(2 * MINUTE) }
    const silent = { heardAt: ago(HOUR), activeAt: ago(10 * MINUTE) }
    expect(lookInterval(heard, NOW, 4 * MINUTE)).toBe(HOUR)
    expect(lookInterval(silent, NOW, 4 * MINUTE)).toBe(4 * MINUTE)
    expect(lookInterval({ heardAt: null, activeAt: null }, NOW, 4 * MINUTE)).toBe(4 * MINUTE)
    expect(lookInterval(null, NOW, 4 * MINUTE)).toBe(4 * MINUTE)
  })

  it('is at most an hour, and at least as long as without webhooks', () => {
    const time = fc.option(fc.integer({ min: -HOUR, max: 100 * HOUR }).map(ago))
    const asking = fc.integer({ min: 1_000, max: HOUR })
    fc.assert(
      fc.property(time, time, asking, (heardAt, activeAt, askingMs) => {
        const interval = lookInterval({ heardAt, activeAt }, NOW, askingMs)
        expect([askingMs, HOUR]).toContain(interval)
      }),
    )
  })
})
