import { parseCronItems } from 'graphile-worker'
import { describe, expect, it } from 'vitest'
import { SCHEDULE } from '~/server/worker/run-jobs'
import { DELETE_OLD_RECORDS, DUE_LOOKS, FORGET_ANSWERS, FORGET_FAILED, RECONCILE_PASS } from '~/server/worker/tasks'

/** Every minute of a day, in the form that the queue matches. */
const DAY = Array.from({ length: 24 * 60 }, (_, index) => ({
  min: index % 60,
  hour: Math.floor(index / 60),
  date: 21,
  month: 11,
  dow: 6,
}))
const dueInADay = Object.fromEntries(
  parseCronItems(SCHEDULE).map(({ task, match }) => [task, DAY.filter((minute) => match(minute)).length]),
)

describe('the schedule', () => {
  it('has a reconciler pass in every minute of the day', () => {
    expect(dueInADay[RECONCILE_PASS]).toBe(24 * 60)
  })

  it('has looks at repositories in every minute, and deletions once an hour', () => {
    expect(dueInADay[DUE_LOOKS]).toBe(24 * 60)
    expect(dueInADay[FORGET_FAILED]).toBe(24)
    expect(dueInADay[FORGET_ANSWERS]).toBe(24)
  })

  it('deletes old records once a night', () => {
    expect(dueInADay[DELETE_OLD_RECORDS]).toBe(1)
  })

  it('makes up for a missed night, but not for missed minutes and hours', () => {
    const made = SCHEDULE.filter(({ options }) => options.backfillPeriod > 0)
    expect(made.map(({ task }) => task)).toEqual([DELETE_OLD_RECORDS])
  })
})
