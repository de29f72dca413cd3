import { parseCronItems } from 'graphile-worker'
import { describe, expect, it } from 'vitest'
import { SCHEDULE } from '~/server/worker/run-jobs'
import { DUE_LOOKS, FORGET_ANSWERS, FORGET_FAILED, RECONCILE_PASS } from '~/server/worker/tasks'

/** Every minute of a day, as the queue looks at it. */
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
  it('has a reconciler pass due in every minute of the day', () => {
    expect(dueInADay[RECONCILE_PASS]).toBe(24 * 60)
  })

  it('has the looks at repositories due in every minute, and what is forgotten once an hour', () => {
    expect(dueInADay[DUE_LOOKS]).toBe(24 * 60)
    expect(dueInADay[FORGET_FAILED]).toBe(24)
    expect(dueInADay[FORGET_ANSWERS]).toBe(24)
  })

  it('never makes up for minutes nobody worked in: the pass of a start has seen to them', () => {
    expect(SCHEDULE.map(({ options }) => options.backfillPeriod)).toEqual([0, 0, 0, 0])
  })
})
