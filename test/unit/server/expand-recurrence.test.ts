import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isComputable, occurrencesBetween, type RecurringWindow, startOf } from '~/server/freezes/expand-recurrence'

const MINUTE = 60_000
const DAY = 86_400_000

const berlin = (facts: Partial<RecurringWindow> = {}): RecurringWindow => ({
  rule: 'FREQ=DAILY',
  timeZone: 'Europe/Berlin',
  localStart: '2026-01-01T16:00',
  durationMinutes: 120,
  allows: false,
  ...facts,
})

const shown = (window: RecurringWindow, from: string, to: string) =>
  occurrencesBetween(window, new Date(from), new Date(to)).map(({ start, end }) =>
    [start, end].map((at) => new Date(at).toISOString().slice(0, 16)).join(' – '),
  )

describe('the occurrences of a window', () => {
  it('start at the same local time in summer and in winter', () => {
    const friday = berlin({ rule: 'FREQ=WEEKLY;BYDAY=FR' })
    expect(shown(friday, '2026-10-20T00:00Z', '2026-11-01T00:00Z')).toEqual([
      '2026-10-23T14:00 – 2026-10-23T16:00',
      '2026-10-30T15:00 – 2026-10-30T17:00',
    ])
  })

  it('end at the same local time across a change of the clock', () => {
    // Saturday 20:00 to Sunday 08:00, local time, in the night in which clocks are set forward, and back.
    const night = berlin({ rule: 'FREQ=WEEKLY;BYDAY=SA', localStart: '2026-01-03T20:00', durationMinutes: 720 })
    expect(shown(night, '2026-03-28T12:00Z', '2026-03-30T00:00Z')).toEqual(['2026-03-28T19:00 – 2026-03-29T06:00'])
    expect(shown(night, '2026-10-24T12:00Z', '2026-10-26T00:00Z')).toEqual(['2026-10-24T18:00 – 2026-10-25T07:00'])
  })

  it('are not left out where their start is skipped: it is the moment at which the clock is set forward', () => {
    const early = berlin({ localStart: '2026-01-01T02:30', durationMinutes: 150 })
    expect(shown(early, '2026-03-29T00:00Z', '2026-03-29T12:00Z')).toEqual(['2026-03-29T01:00 – 2026-03-29T03:00'])
    expect(shown({ ...early, allows: true }, '2026-03-29T00:00Z', '2026-03-29T12:00Z')).toEqual([
      '2026-03-29T01:00 – 2026-03-29T03:00',
    ])
  })

  it('with a local time that occurs twice freeze from the first to the last, and allow from the last to the first', () => {
    const early = berlin({ localStart: '2026-01-01T02:30', durationMinutes: 60 })
    const late = berlin({ localStart: '2026-01-01T01:30', durationMinutes: 60 })
    const night = ['2026-10-25T00:00Z', '2026-10-25T12:00Z'] as const
    expect(shown(early, ...night)).toEqual(['2026-10-25T00:30 – 2026-10-25T02:30'])
    expect(shown({ ...early, allows: true }, ...night)).toEqual(['2026-10-25T01:30 – 2026-10-25T02:30'])
    expect(shown(late, '2026-10-24T22:00Z', night[1])).toEqual(['2026-10-24T23:30 – 2026-10-25T01:30'])
    expect(shown({ ...late, allows: true }, '2026-10-24T22:00Z', night[1])).toEqual([
      '2026-10-24T23:30 – 2026-10-25T00:30',
    ])
  })

  it('begin with the first start, and take from it what the rule leaves out', () => {
    expect(shown(berlin({ rule: 'FREQ=WEEKLY' }), '2025-12-01T00:00Z', '2026-01-10T00:00Z')).toEqual([
      '2026-01-01T15:00 – 2026-01-01T17:00',
      '2026-01-08T15:00 – 2026-01-08T17:00',
    ])
    const utc = berlin({ timeZone: 'UTC', localStart: '2026-01-31T16:00' })
    const starts = (rule: string, to: string) =>
      shown({ ...utc, rule }, '2026-02-01T00:00Z', to).map((span) => span.slice(0, 10))
    expect(starts('FREQ=MONTHLY', '2026-07-01T00:00Z')).toEqual(['2026-03-31', '2026-05-31'])
    expect(starts('FREQ=YEARLY', '2029-01-01T00:00Z')).toEqual(['2027-01-31', '2028-01-31'])
    expect(starts('FREQ=YEARLY;BYMONTH=3', '2027-12-01T00:00Z')).toEqual(['2026-03-31', '2027-03-31'])
  })

  it('keep every second week in step years later', () => {
    const second = berlin({ rule: 'FREQ=WEEKLY;INTERVAL=2;BYDAY=TH', timeZone: 'UTC' })
    const [found] = occurrencesBetween(second, new Date('2046-03-01T00:00Z'), new Date('2046-03-14T23:00Z'))
    expect(((found?.start ?? 0) - startOf(second).getTime()) % (14 * DAY)).toBe(0)
  })
})

/** The local clock as UTC, by Intl: an oracle that shares no code with the expansion. */
const clocks = new Map<string, Intl.DateTimeFormat>()
function localClock(at: number, timeZone: string): number {
  const clock =
    clocks.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  clocks.set(timeZone, clock)
  return Date.parse(`${clock.format(at).replace(' ', 'T')}Z`)
}

describe('a random window at a random time', () => {
  const zones = [
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'America/Santiago',
    'Asia/Kathmandu',
    'UTC',
  ]
  // Days around the changes of the clock of these zones, in which a test finds most.
  const changes = [
    '2026-03-29',
    '2026-10-25',
    '2026-03-08',
    '2026-11-01',
    '2026-04-05',
    '2026-10-04',
    '2026-09-06',
    '2026-07-01',
  ]
  const facts = fc.record({
    timeZone: fc.constantFrom(...zones),
    day: fc.constantFrom(...changes),
    // These zones change their clocks between midnight and 03:00, local time; the days of the change begin up to 14 hours earlier in UTC.
    minutes: fc.oneof(fc.integer({ min: -600, max: -420 }), fc.integer({ min: 0, max: 540 })),
    startMinute: fc.integer({ min: 0, max: 240 }),
    /** Or a start so many minutes before the time in question, which is then often inside. */
    before: fc.option(fc.integer({ min: 0, max: 180 })),
    durationMinutes: fc.integer({ min: 1, max: 180 }),
    allows: fc.boolean(),
  })

  it('freezes whenever the local clock is inside an occurrence, and allows only then', () => {
    let inside = 0
    fc.assert(
      fc.property(facts, ({ day, minutes, startMinute, before, ...rest }) => {
        const at = Date.parse(`${day}T00:00Z`) + minutes * MINUTE
        const minuteOfDay = Math.floor((localClock(at, rest.timeZone) % DAY) / MINUTE)
        const start = before === null ? startMinute : (minuteOfDay - before + 1440) % 1440
        const hour = String(Math.floor(start / 60)).padStart(2, '0')
        const window = {
          ...rest,
          rule: 'FREQ=DAILY',
          localStart: `2026-01-01T${hour}:${String(start % 60).padStart(2, '0')}`,
        }
        const covered = occurrencesBetween(window, new Date(at), new Date(at + 1)).length > 0
        const sinceFirst = localClock(at, window.timeZone) - Date.parse(`${window.localStart}Z`)
        const isInside = sinceFirst >= 0 && sinceFirst % DAY < window.durationMinutes * MINUTE
        inside += isInside ? 1 : 0
        if (window.allows) expect(!covered || isInside).toBe(true)
        else expect(covered || !isInside).toBe(true)
      }),
      { numRuns: 400 },
    )
    expect(inside).toBeGreaterThan(40)
  })

  it('is the same when it is asked about a longer time', () => {
    const rules = fc.constantFrom(
      'FREQ=DAILY;INTERVAL=5',
      'FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU;WKST=SU',
      'FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR',
      'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
      'FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=20',
    )
    fc.assert(
      fc.property(rules, fc.integer({ min: 0, max: 1500 }), (rule, days) => {
        const window = berlin({ rule, durationMinutes: 3 * 1440 })
        const from = Date.parse('2026-01-01T00:00Z') + days * DAY
        const [start, end] = [new Date(from), new Date(from + 20 * DAY)]
        const long = occurrencesBetween(window, new Date(from - 60 * DAY), new Date(from + 80 * DAY))
        expect(occurrencesBetween(window, start, end)).toEqual(
          long.filter((span) => span.start < end.getTime() && span.end > start.getTime()),
        )
      }),
      { numRuns: 60 },
    )
  })
})

describe('the name of a time zone', () => {
  // Names that Intl accepts beyond those that it lists: links, offsets by name, and abbreviations of old programs.
  const legacy =
    'PST IST BST ACT AET AST CST CTT EST MST HST NST EST5EDT GMT UCT Zulu Etc/GMT+5 US/Pacific Asia/Calcutta'
  const names = [...Intl.supportedValuesOf('timeZone'), ...legacy.split(' '), ...legacy.toLowerCase().split(' ')]

  it('is refused if no occurrence can be computed with it, and otherwise gives one', () => {
    const refused = names.filter((timeZone) => !isComputable(timeZone))
    expect(refused).toContain('PST')
    expect(refused.filter((name) => Intl.supportedValuesOf('timeZone').includes(name))).toEqual([])
    for (const timeZone of names.filter((name) => !refused.includes(name))) {
      const window = berlin({ timeZone, rule: 'FREQ=MONTHLY', localStart: '2026-01-28T02:30' })
      expect(startOf(window).getTime()).toBeGreaterThan(Date.parse('2026-01-27'))
      expect(shown(window, '2026-03-25T00:00Z', '2026-03-31T00:00Z')).toHaveLength(1)
    }
  })
})

it('months far away, however many, do not push out the months around the present', () => {
  const daily = berlin({ localStart: '2020-01-01T16:00' })
  const today = () => occurrencesBetween(daily, new Date(), new Date(Date.now() + DAY))[0]
  const before = today()
  for (let durationMinutes = 1; durationMinutes <= 10; durationMinutes += 1) {
    const later = berlin({ localStart: '2199-01-01T00:00', durationMinutes })
    occurrencesBetween(later, new Date('1970-01-01T00:00Z'), new Date('2024-01-01T00:00Z'))
  }
  expect(before).toBeDefined()
  expect(today()).toBe(before)
})

it('a hostile rule costs no more than its months, and is answered in bounded steps', () => {
  const rules = [
    'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=YEARLY;INTERVAL=99;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=31',
  ]
  for (const rule of rules) {
    expect(occurrencesBetween(berlin({ rule }), new Date('2199-01-01T00:00Z'), new Date('2200-01-01T00:00Z'))).toEqual(
      [],
    )
  }
})
