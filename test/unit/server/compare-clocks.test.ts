import { describe, expect, it } from 'vitest'
import { secondsAhead } from '~/server/health/compare-clocks'

describe('the clocks of this process and of the database', () => {
  const database = 1_000_000_000
  it.each([
    ['agree', database - 20, database + 20, null],
    ['agree within half a minute', database - 30_000, database - 29_990, null],
    ['agree although the question waited for a minute', database - 60_000, database + 5, null],
    ['agree although the answer was a minute late', database - 5, database + 60_000, null],
    ['differ if this one is ahead', database + 45_000, database + 45_010, 45],
    ['differ if the database is ahead', database - 90_000, database - 45_000, -45],
  ])('%s', (_, askedAt, answeredAt, ahead) => {
    expect(secondsAhead({ askedAt, answeredAt, databaseAt: database })).toBe(ahead)
  })
})
