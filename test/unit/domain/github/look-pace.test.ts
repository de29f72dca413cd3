import { describe, expect, it } from 'vitest'
import { isLookDue } from '~/domain/github/look-pace'

const NOW = new Date('2026-11-28T12:00:00Z')
const MINUTE = 60_000
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * MINUTE)
const quiet: Parameters<typeof isLookDue>[2] = { hearing: null, isDeploying: false, now: NOW }

/** The minutes after which the next look at runs is due. */
function pause(changedMinutesAgo: number | null, about: Partial<typeof quiet> = {}) {
  const changedAt = changedMinutesAgo === null ? null : ago(changedMinutesAgo)
  const due = (minutes: number) => isLookDue('runs', { lookedAt: ago(minutes), changedAt }, { ...quiet, ...about })
  for (let minutes = 0.5; minutes <= 90; minutes += 0.5) if (due(minutes)) return minutes
  return Number.POSITIVE_INFINITY
}

describe('the pause between two looks at a repository', () => {
  it('is zero before the first look', () => {
    expect(isLookDue('runs', null, quiet)).toBe(true)
  })

  it('is a minute after a change, and grows to seven and a half minutes without changes', () => {
    expect([0, 4, 12, 30, 500].map((minutes) => pause(minutes))).toEqual([1, 1, 3, 7.5, 7.5])
    expect(pause(null)).toBe(7.5)
  })

  it('is a minute during a deploy', () => {
    expect(pause(500, { isDeploying: true })).toBe(1)
  })

  it('is an hour while webhooks arrive, and not if GitHub lists activity without a webhook', () => {
    expect(pause(0, { hearing: { heardAt: ago(500), activeAt: ago(501) } })).toBe(60)
    expect(pause(0, { hearing: { heardAt: ago(500), activeAt: ago(10) } })).toBe(1)
  })
})
