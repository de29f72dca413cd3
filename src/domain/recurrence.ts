import { z } from 'zod'

// The recurrence of a freeze window: a part of RFC 5545 whose occurrences can be found near any time, without counting from the first.

export const FREQUENCIES = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const
export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const
export type Weekday = (typeof WEEKDAYS)[number]

const RULE_LENGTH = 200
const VALUES_AT_MOST = 31
/** 31 days. */
export const LONGEST_OCCURRENCE_MINUTES = 44_640

/** The parts of a rule by name, in upper case; those of a valid rule. */
export type RuleParts = Readonly<Record<string, string>>

/** `FREQ=WEEKLY;BYDAY=FR` as its parts. Null if it is not a list of distinct `NAME=VALUE`. */
export function ruleParts(rule: string): RuleParts | null {
  const pairs = rule.split(';').map((part) => part.split('='))
  if (pairs.some(([name = '', value = '', ...more]) => name === '' || value === '' || more.length > 0)) return null
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length) return null
  return Object.fromEntries(pairs)
}

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

const DAY_WORDS: Readonly<Record<string, string>> = {
  MO: 'Monday',
  TU: 'Tuesday',
  WE: 'Wednesday',
  TH: 'Thursday',
  FR: 'Friday',
  SA: 'Saturday',
  SU: 'Sunday',
}
const UNITS = { DAILY: 'day', WEEKLY: 'week', MONTHLY: 'month', YEARLY: 'year' } as const

const joined = (words: readonly string[]) =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

/** The length of an occurrence: "2 h", "2 d 16 h", "45 min". */
export function lengthWords(minutes: number): string {
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor((minutes % 1440) / 60), 'h'],
    [minutes % 60, 'min'],
  ] as const
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}`])).join(' ')
}

/** "every week on Friday at 16:00 for 2 h, Europe/Berlin". A rule without plain words is named as it is. */
export function recurrenceWords({ rule, timeZone, localStart, durationMinutes }: Recurrence): string {
  const times = `at ${localStart.slice(11)} for ${lengthWords(durationMinutes)}, ${timeZone}`
  const { FREQ, INTERVAL = '1', WKST: _, BYDAY, BYMONTHDAY, ...others } = ruleParts(rule) ?? {}
  const unit = Object.entries(UNITS).find(([name]) => name === FREQ)?.[1]
  const days = BYDAY?.split(',').map((day) => DAY_WORDS[day])
  const isPlain = Object.keys(others).length === 0 && days?.includes(undefined) !== true
  if (unit === undefined || !isPlain || (days !== undefined && BYMONTHDAY !== undefined)) return `${rule} ${times}`
  const every = INTERVAL === '1' ? `every ${unit}` : `every ${INTERVAL} ${unit}s`
  const on =
    days !== undefined
      ? ` on ${joined(days.flatMap((day) => day ?? []))}`
      : BYMONTHDAY !== undefined
        ? ` on day ${joined(BYMONTHDAY.split(','))}`
        : ''
  return `${every}${on} ${times}`
}
