import 'server-only'
import { LRUCache } from 'lru-cache'
import { RRuleTemporal } from 'rrule-temporal'
import { Temporal } from 'temporal-polyfill'
import type { Span } from '~/domain/freeze/freeze'
import { ruleParts, WEEKDAYS } from '~/domain/freeze/recurrence'
import type { Recurrence } from '~/domain/freeze/recurrence-input'

// The rule is expanded on a clock without a zone, and the zone is applied afterwards. RFC 5545 leaves out an occurrence whose local start
// is skipped by daylight saving time, and a freeze must not be left out (ADR 057).

/** `allow`: a local time that occurs twice is read so that less is allowed. Otherwise so that more is frozen. */
export interface RecurringWindow extends Recurrence {
  readonly allows: boolean
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** More than any zone differs from UTC, and any clock is set. */
const SLACK_MS = 2 * DAY_MS

/** Whether occurrences can be computed in a zone. The `Intl` of Node knows more names than the library, such as PST. */
export function isComputable(timeZone: string): boolean {
  try {
    instantOf(0, timeZone, 'first')
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** When the rule begins to apply. */
export const startOf = ({ localStart, timeZone }: Recurrence): Date =>
  new Date(instantOf(Date.parse(`${localStart}:00Z`), timeZone, 'first'))

/** Whether an occurrence overlaps a stretch of time, however long that is. Looks no further than the first one. */
export function hasOccurrence(window: RecurringWindow, from: Date, to: Date): boolean {
  const stretch = 92 * DAY_MS
  for (let at = from.getTime(); at < to.getTime(); at += stretch) {
    const end = Math.min(at + stretch, to.getTime())
    if (occurrencesBetween(window, new Date(at), new Date(end)).length > 0) return true
  }
  return false
}

/**
 * The occurrences of one month are computed once in each process. Months that only a calendar asks for cannot evict those that every grid and
 * dispatch needs.
 */
const nearMonths = new LRUCache<string, readonly Span[]>({ max: 5_000 })
const farMonths = new LRUCache<string, readonly Span[]>({ max: 5_000 })
/** More than the 400 days that a decision looks ahead. */
const NEAR_MS = 460 * DAY_MS

/** The occurrences that overlap a stretch of time, by their start. Time without end is not asked: the caller bounds `to`. */
export function occurrencesBetween(window: RecurringWindow, from: Date, to: Date): Span[] {
  const first = new Date(from.getTime() - window.durationMinutes * MINUTE_MS - SLACK_MS)
  const last = to.getTime() + SLACK_MS
  const spans: Span[] = []
  let month = Date.UTC(first.getUTCFullYear(), first.getUTCMonth())
  while (month <= last) {
    const at = new Date(month)
    const next = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1)
    spans.push(...occurrencesStartingIn(window, month, next))
    month = next
  }
  return spans.filter(({ start, end }) => start < to.getTime() && end > from.getTime())
}

/** The occurrences whose local start is in `[from, to)`, as if the local clock were UTC. */
function occurrencesStartingIn(window: RecurringWindow, from: number, to: number): readonly Span[] {
  const { rule, timeZone, localStart, durationMinutes, allows } = window
  const key = `${rule} ${timeZone} ${localStart} ${durationMinutes} ${allows} ${from}`
  const months = Math.abs(from - Date.now()) < NEAR_MS ? nearMonths : farMonths
  const known = months.get(key)
  if (known !== undefined) return known
  const spans = expandRule(rule, Date.parse(`${localStart}:00Z`), from, to).flatMap((local) => {
    const start = instantOf(local, timeZone, allows ? 'last' : 'first')
    const end = instantOf(local + durationMinutes * MINUTE_MS, timeZone, allows ? 'first' : 'last')
    return start < end ? [{ start, end }] : []
  })
  months.set(key, spans)
  return spans
}

/** The local starts in `[from, to)`. Bounded: by the month, by the rule's values, and by the library's own limits. */
function expandRule(rule: string, first: number, from: number, to: number): number[] {
  if (first >= to) return []
  const parts = explicitParts(rule, new Date(first))
  const anchor = nearbyAnchor(parts, first, from)
  const rrule = Object.entries(parts).map(([name, value]) => `${name}=${value}`)
  const found = new RRuleTemporal({
    rruleString: `DTSTART:${basicUtc(anchor)}\nRRULE:${rrule.join(';')};UNTIL=${basicUtc(to - 1_000)}`,
    maxIterations: 5_000,
    maxCandidateEvaluations: 50_000,
    cache: false,
  }).all()
  return found.map(({ epochMilliseconds }) => epochMilliseconds).filter((at) => at >= Math.max(from, first))
}

/** The rule with what it takes from its first start, so that it can be expanded from another one. */
function explicitParts(rule: string, first: Date): Record<string, string> {
  const parts = { ...ruleParts(rule) }
  if ('BYDAY' in parts || 'BYMONTHDAY' in parts) return parts
  if (parts['FREQ'] === 'WEEKLY') return { ...parts, BYDAY: WEEKDAYS[(first.getUTCDay() + 6) % 7] ?? 'MO' }
  if (parts['FREQ'] === 'MONTHLY') return { ...parts, BYMONTHDAY: String(first.getUTCDate()) }
  if (parts['FREQ'] === 'YEARLY') {
    return { BYMONTH: String(first.getUTCMonth() + 1), ...parts, BYMONTHDAY: String(first.getUTCDate()) }
  }
  return parts
}

/** A start of the same rule that is not after `from`, and near. The first one if that is later. */
function nearbyAnchor(parts: Readonly<Record<string, string>>, first: number, from: number): number {
  if (from <= first) return first
  const interval = Number(parts['INTERVAL'] ?? '1')
  const at = new Date(first)
  const stepBack = (passed: number) => Math.floor(passed / interval) * interval
  if (parts['FREQ'] === 'DAILY' || parts['FREQ'] === 'WEEKLY') {
    const unit = parts['FREQ'] === 'DAILY' ? DAY_MS : 7 * DAY_MS
    return first + Math.max(0, stepBack(Math.floor((from - first) / unit) - interval)) * unit
  }
  const passed =
    (new Date(from).getUTCFullYear() - at.getUTCFullYear()) * 12 + new Date(from).getUTCMonth() - at.getUTCMonth()
  if (parts['FREQ'] === 'MONTHLY') {
    return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + stepBack(passed), 1, at.getUTCHours(), at.getUTCMinutes())
  }
  const year = at.getUTCFullYear() + stepBack(new Date(from).getUTCFullYear() - at.getUTCFullYear())
  return Date.UTC(year, 0, 1, at.getUTCHours(), at.getUTCMinutes())
}

const basicUtc = (at: number) => `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`

/** The instant of a local time. A skipped one is the moment at which the clock is set forward; `which` decides about a repeated one. */
function instantOf(local: number, timeZone: string, which: 'first' | 'last'): number {
  const wall = Temporal.PlainDateTime.from(new Date(local).toISOString().slice(0, 19))
  const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
    wall.toZonedDateTime(timeZone, { disambiguation }),
  )
  if (earlier === undefined || later === undefined) throw new Error('unreachable')
  if (earlier.epochMilliseconds === later.epochMilliseconds) return earlier.epochMilliseconds
  const isRepeated = earlier.toPlainDateTime().equals(wall)
  if (isRepeated) return (which === 'first' ? earlier : later).epochMilliseconds
  return earlier.getTimeZoneTransition('next')?.epochMilliseconds ?? later.epochMilliseconds
}
