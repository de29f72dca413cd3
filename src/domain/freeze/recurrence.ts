import type { Recurrence } from '~/domain/freeze/recurrence-input'

// The recurrence of a freeze window: a part of RFC 5545 whose occurrences can be found near any time, without counting from the first.

export const FREQUENCIES = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const
export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const
export type Weekday = (typeof WEEKDAYS)[number]

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
