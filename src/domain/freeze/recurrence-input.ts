import { z } from 'zod'
import { FREQUENCIES, LONGEST_OCCURRENCE_MINUTES, ruleParts, WEEKDAYS } from '~/domain/freeze/recurrence'

const RULE_LENGTH = 200
const VALUES_AT_MOST = 31

const numbers = (from: number, to: number) => (value: string) =>
  /^-?\d{1,2}$/.test(value) && Number(value) !== 0 && Number(value) >= from && Number(value) <= to

const NUMBERED_DAY = /^([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU)$/
const isPlainDay = (value: string) => WEEKDAYS.some((day) => day === value)

const LISTS: Readonly<Record<string, (value: string) => boolean>> = {
  BYDAY: (value) => NUMBERED_DAY.test(value) && Math.abs(Number.parseInt(value, 10) || 1) <= 53,
  BYMONTHDAY: numbers(-31, 31),
  BYMONTH: numbers(1, 12),
  BYSETPOS: numbers(-31, 31),
}

/** Why a rule is refused, or null. */
function whyRefused(rule: string): string | null {
  const parts = ruleParts(rule)
  if (parts === null) return 'is not a rule such as FREQ=WEEKLY;BYDAY=FR'
  const { FREQ, INTERVAL = '1', WKST = 'MO', ...lists } = parts
  if (!FREQUENCIES.some((known) => known === FREQ)) return 'needs FREQ=DAILY, WEEKLY, MONTHLY or YEARLY'
  if ('COUNT' in lists || 'UNTIL' in lists) return 'must not have COUNT or UNTIL: give the end of the window instead'
  if (!/^[1-9]\d?$/.test(INTERVAL)) return 'needs an INTERVAL from 1 to 99'
  if (!isPlainDay(WKST)) return 'needs a weekday in WKST'
  for (const [name, value] of Object.entries(lists)) {
    const fits = LISTS[name]
    if (fits === undefined) return `has a part that is not supported: ${name}`
    const values = value.split(',')
    if (values.length > VALUES_AT_MOST || !values.every(fits)) return `has a value in ${name} that is not supported`
  }
  if (FREQ === 'WEEKLY' && 'BYMONTHDAY' in lists) return 'must not have BYMONTHDAY with FREQ=WEEKLY'
  const isNumbered = lists['BYDAY']?.split(',').some((day) => !isPlainDay(day)) === true
  if (isNumbered && (FREQ === 'DAILY' || FREQ === 'WEEKLY')) return 'must not number the days of BYDAY with this FREQ'
  if ('BYSETPOS' in lists && !('BYDAY' in lists || 'BYMONTHDAY' in lists))
    return 'needs BYDAY or BYMONTHDAY for BYSETPOS'
  return null
}

/** A rule, with or without `RRULE:`. */
export const recurrenceRule = z
  .string()
  .trim()
  .toUpperCase()
  .transform((text) => text.replace(/^RRULE:/, ''))
  .pipe(
    z
      .string()
      .max(RULE_LENGTH)
      .superRefine((rule, refused) => {
        const why = whyRefused(rule)
        if (why !== null) refused.addIssue({ code: 'custom', message: why })
      }),
  )

/** A name of the IANA time zone database, such as `Europe/Berlin`; never an offset. */
export const timeZoneName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/, 'is not the name of a time zone, such as Europe/Berlin')
  .refine(isTimeZone, 'is not the name of a time zone, such as Europe/Berlin')

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** A time by the clock of a zone: `2026-12-04T16:00`. */
export const localTime = z
  .string()
  .regex(/^(19[7-9]\d|20\d\d|21\d\d)-\d\d-\d\dT\d\d:\d\d$/, 'is not a local time such as 2026-12-04T16:00')
  .refine((text) => {
    const at = new Date(`${text}:00Z`)
    return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
  }, 'is not a day and time of the calendar')

export const recurrence = z.object({
  rule: recurrenceRule,
  timeZone: timeZoneName,
  /** The first start, by the clock of the zone. */
  localStart: localTime,
  /** The length of each occurrence, by the clock of the zone. */
  durationMinutes: z.int().min(1).max(LONGEST_OCCURRENCE_MINUTES),
})
export type Recurrence = Readonly<z.output<typeof recurrence>>
