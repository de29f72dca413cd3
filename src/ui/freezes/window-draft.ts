import { LONGEST_OCCURRENCE_MINUTES, WEEKDAYS, type Weekday } from '~/domain/freeze/recurrence'
import { type Recurrence, recurrence } from '~/domain/freeze/recurrence-input'

/** How a window repeats, as the form asks. */
export const REPEATS = {
  weekly: 'Every week',
  daily: 'Every day',
  monthly: 'Every month, on the day of the first start',
  rule: 'By a rule (RFC 5545)',
} as const
export type Repeat = keyof typeof REPEATS

/** What was typed of a window that recurs. Times are by the clock of the zone. */
export interface WindowDraft {
  readonly repeat: Repeat
  readonly days: readonly Weekday[]
  readonly rule: string
  /** `2026-12-04` */
  readonly firstDay: string
  /** `16:00` */
  readonly from: string
  readonly until: string
  /** How many days after the start the window ends. */
  readonly daysLater: string
  readonly timeZone: string
}

/** The rule that the form describes. */
function ruleOf({ repeat, days, rule }: WindowDraft): string {
  switch (repeat) {
    case 'daily':
      return 'FREQ=DAILY'
    case 'weekly':
      return `FREQ=WEEKLY;BYDAY=${WEEKDAYS.filter((day) => days.includes(day)).join(',')}`
    case 'monthly':
      return 'FREQ=MONTHLY'
    case 'rule':
      return rule
  }
}

const minutes = (time: string) => {
  const found = /^(\d\d):(\d\d)$/.exec(time)
  return found === null ? Number.NaN : Number(found[1]) * 60 + Number(found[2])
}

/** An end that is not after the start is on the next day. */
function lengthOf({ from, until, daysLater }: WindowDraft): number {
  const sameDay = minutes(until) - minutes(from)
  const days = Number(daysLater)
  return sameDay + (days === 0 && sameDay <= 0 ? 1 : days) * 1440
}

/** The recurrence, or what is missing, as a sentence; null while the form is not filled in. */
export function readWindowDraft(
  draft: WindowDraft,
): { readonly recurrence: Recurrence } | { readonly problem: string | null } {
  const { firstDay, from, until, timeZone } = draft
  if (firstDay === '' || from === '' || until === '' || (draft.repeat === 'weekly' && draft.days.length === 0)) {
    return { problem: null }
  }
  if (!/^\d*$/.test(draft.daysLater)) return { problem: '“Days later” must be a whole number of days.' }
  const durationMinutes = lengthOf(draft)
  if (durationMinutes > LONGEST_OCCURRENCE_MINUTES) return { problem: 'An occurrence lasts at most 31 days.' }
  const read = recurrence.safeParse({
    rule: ruleOf(draft),
    timeZone,
    localStart: `${firstDay}T${from}`,
    durationMinutes,
  })
  if (read.success) return { recurrence: read.data }
  const [issue] = read.error.issues
  const fields: Readonly<Record<string, string>> = {
    rule: 'The rule',
    timeZone: 'The time zone',
    localStart: 'The first day',
  }
  return { problem: `${fields[String(issue?.path[0])] ?? 'The window'} ${issue?.message ?? 'is not valid'}.` }
}
