import { describe, expect, test } from 'vitest'
import type { Calendar } from '~/domain/freeze/calendar'
import {
  countWords,
  emptyWords,
  entriesOf,
  inBothZones,
  nextMonth,
  stretchWords,
  weeksOf,
} from '~/ui/calendar/calendar-days'

const freeze = {
  freezeId: 'f',
  kind: 'freeze',
  environment: 'production',
  surface: null,
  reason: 'Weekend',
  by: 'ada',
  start: '2026-12-04T15:00:00.000Z',
  end: '2026-12-07T07:00:00.000Z',
  recurs: true,
  lifted: false,
  rollbacksPass: false,
} as const

describe('a month of the calendar', () => {
  test('is whole weeks from Monday, in which every day of the month occurs once', () => {
    for (let month = '2026-01'; month < '2028-01'; month = nextMonth(month, 1)) {
      const days = weeksOf(month).flat()
      expect(days[0]?.start.getDay()).toBe(1)
      expect(days.length % 7).toBe(0)
      const inMonth = days.filter((day) => day.inMonth).map(({ date }) => date)
      expect(new Set(inMonth).size).toBe(inMonth.length)
      expect(inMonth[0]).toBe(`${month}-01`)
      for (const [index, day] of days.entries()) expect(days[index + 1]?.start ?? day.end).toEqual(day.end)
    }
  })

  test('shows a freeze on every day that it overlaps, and not on the day at whose midnight it ends', () => {
    const [week] = weeksOf('2026-12').slice(0, 1)
    const [day] = week ?? []
    if (day === undefined) throw new Error('December has no week')
    const ending = { ...freeze, start: '2020-01-01T00:00:00.000Z', end: day.start.toISOString() }
    const lasting = { ...freeze, start: '2020-01-01T00:00:00.000Z', end: null }
    const freezesOf = (one: typeof lasting | typeof ending) =>
      entriesOf(day, { freezes: [one], deploys: [], incomplete: { freezes: false, deploys: false } })?.freezes
    expect(freezesOf(ending)).toEqual([])
    expect(freezesOf(lasting)).toEqual([lasting])
  })

  test('is told in words to a screen reader', () => {
    const complete = true
    expect(countWords({ freezes: [freeze, freeze, { ...freeze, kind: 'allow' }], deploys: [], complete })).toBe(
      '2 freezes, 1 allow window',
    )
    expect(countWords({ freezes: [], deploys: [], complete })).toBe('nothing')
  })

  test('says that nothing is planned only for a time that was read completely', () => {
    const [[day] = []] = weeksOf('2026-12')
    if (day === undefined) throw new Error('December has no week')
    const answer = (incomplete: Calendar['incomplete']) => ({ freezes: [], deploys: [], incomplete })
    const [all, some] = [answer({ freezes: false, deploys: false }), answer({ freezes: true, deploys: false })]
    const told = (calendar: typeof all | undefined, isError = false) => [
      countWords(entriesOf(day, calendar ?? null)),
      emptyWords({ data: calendar, isError }),
    ]
    expect(told(undefined)).toEqual(['not read yet', 'Reading the calendar …'])
    expect(told(undefined, true)).toEqual(['not read yet', 'The calendar could not be read.'])
    expect(told(some)).toEqual([
      'nothing shown, not all was read',
      'Nothing is shown here. Not all of this time was read.',
    ])
    expect(told(all)).toEqual(['nothing', 'Nothing is planned or recorded.'])
  })
})

test('times are in the zone of the reader and in UTC, each named, with the date where it is another day', () => {
  expect(inBothZones((zone) => stretchWords(freeze, '2026-12-04', zone), 'Europe/Berlin')).toEqual([
    '16:00 to 2026-12-07 08:00 Europe/Berlin',
    '15:00 to 2026-12-07 07:00 UTC',
  ])
  expect(inBothZones((zone) => stretchWords({ ...freeze, end: null }, '2026-12-05', zone), 'UTC')).toEqual([
    '2026-12-04 15:00 to no end UTC',
  ])
})
