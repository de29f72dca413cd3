import { describe, expect, it } from 'vitest'
import { recurrenceWords } from '~/domain/freeze/recurrence'
import { recurrence, recurrenceRule } from '~/domain/freeze/recurrence-input'

const whyRefused = (rule: string) => recurrenceRule.safeParse(rule).error?.issues[0]?.message ?? null

describe('the rule of a window', () => {
  it.each([
    ['FREQ=WEEKLY;BYDAY=FR'],
    ['RRULE:FREQ=MONTHLY;BYDAY=-1FR'],
    ['freq=daily;interval=2'],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1'],
    ['FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=20,21;WKST=SU'],
  ])('accepts %s', (rule) => {
    expect(recurrenceRule.parse(rule)).toBe(rule.toUpperCase().replace('RRULE:', ''))
  })

  it.each([
    ['', 'is not a rule'],
    ['FREQ=WEEKLY;FREQ=DAILY', 'is not a rule'],
    ['FREQ=WEEKLY\nRRULE:FREQ=DAILY', 'is not a rule'],
    ['FREQ=SECONDLY', 'needs FREQ'],
    ['BYDAY=FR', 'needs FREQ'],
    ['FREQ=DAILY;COUNT=3', 'must not have COUNT or UNTIL'],
    ['FREQ=DAILY;UNTIL=20270101T000000Z', 'must not have COUNT or UNTIL'],
    ['FREQ=DAILY;INTERVAL=100', 'needs an INTERVAL'],
    ['FREQ=DAILY;INTERVAL=0', 'needs an INTERVAL'],
    ['FREQ=DAILY;BYHOUR=1,2,3', 'not supported: BYHOUR'],
    ['FREQ=DAILY;X-RULE=1', 'not supported: X-RULE'],
    ['FREQ=WEEKLY;BYDAY=2FR', 'must not number the days'],
    ['FREQ=MONTHLY;BYDAY=99FR', 'a value in BYDAY'],
    ['FREQ=MONTHLY;BYMONTHDAY=0', 'a value in BYMONTHDAY'],
    ['FREQ=MONTHLY;BYMONTHDAY=32', 'a value in BYMONTHDAY'],
    ['FREQ=WEEKLY;BYMONTHDAY=1', 'must not have BYMONTHDAY'],
    ['FREQ=MONTHLY;BYSETPOS=1', 'needs BYDAY or BYMONTHDAY'],
    ['FREQ=DAILY;__proto__=1', 'not supported: __PROTO__'],
    [`FREQ=MONTHLY;BYMONTHDAY=${Array(80).fill('1').join(',')}`, 'a value in BYMONTHDAY'],
    [`FREQ=MONTHLY;BYMONTHDAY=${Array(200).fill('1').join(',')}`, 'Too big'],
  ])('refuses %s', (rule, why) => {
    expect(whyRefused(rule)).toContain(why)
  })

  it('needs a zone by its name, and a day that the calendar has', () => {
    const friday = {
      rule: 'FREQ=WEEKLY',
      timeZone: 'Europe/Berlin',
      localStart: '2026-12-04T16:00',
      durationMinutes: 60,
    }
    expect(recurrence.safeParse(friday).success).toBe(true)
    expect(recurrence.safeParse({ ...friday, timeZone: '+01:00' }).success).toBe(false)
    expect(recurrence.safeParse({ ...friday, timeZone: 'Europe/Atlantis' }).success).toBe(false)
    expect(recurrence.safeParse({ ...friday, localStart: '2026-02-30T16:00' }).success).toBe(false)
    expect(recurrence.safeParse({ ...friday, durationMinutes: 44_641 }).success).toBe(false)
  })

  it.each([
    ['FREQ=WEEKLY;BYDAY=FR', 'every week on Friday at 16:00 for 2 d 16 h, Europe/Berlin'],
    [
      'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,FR',
      'every 2 weeks on Monday, Tuesday and Friday at 16:00 for 2 d 16 h, Europe/Berlin',
    ],
    ['FREQ=MONTHLY;BYMONTHDAY=1', 'every month on day 1 at 16:00 for 2 d 16 h, Europe/Berlin'],
    ['FREQ=MONTHLY;BYDAY=-1FR', 'FREQ=MONTHLY;BYDAY=-1FR at 16:00 for 2 d 16 h, Europe/Berlin'],
  ])('is told in words where it has plain ones: %s', (rule, words) => {
    const times = { timeZone: 'Europe/Berlin', localStart: '2026-12-04T16:00', durationMinutes: 64 * 60 }
    expect(recurrenceWords({ rule, ...times })).toBe(words)
  })
})
