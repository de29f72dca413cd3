import { FEWEST, type Measure, type Part, type Period } from '~/domain/insights'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const UNITS = [
  { under: 90 * SECOND, size: SECOND, unit: 's' },
  { under: 90 * MINUTE, size: MINUTE, unit: 'min' },
  { under: 48 * HOUR, size: HOUR, unit: 'h' },
] as const

const rounded = (value: number): string =>
  (value < 10 ? Number(value.toFixed(1)) : Math.round(value)).toLocaleString('en-US')

/** "42 s", "18 min", "3.4 h", "12 d". */
export function spanWords(ms: number): string {
  const { size, unit } = UNITS.find(({ under }) => ms < under) ?? { size: DAY, unit: 'd' }
  return `${rounded(ms / size)} ${unit}`
}

/** "3.2 a day", "4 a week"; fewer than one a week are counted for 30 days. */
export function frequencyWords(count: number, days: number): string {
  const perDay = count / days
  if (perDay >= 1) return `${rounded(perDay)} a day`
  return perDay * 7 >= 1 ? `${rounded(perDay * 7)} a week` : `${rounded(perDay * 30)} in 30 days`
}

export const rateWords = (rate: number): string => `${rounded(rate * 100)} %`

export const nounCount = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`

/** Why there is no median or rate. */
export function tooFewWords(count: number, noun: string, figure: 'median' | 'rate'): string {
  return count === 0 ? `No ${noun}s` : `${nounCount(count, noun)}: too few for a ${figure} (${FEWEST} at least)`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
const monthOf = (day: string): string => MONTHS[Number(day.slice(5, 7)) - 1] ?? ''
/** "29 Nov". */
export const utcDayWords = (day: string): string => `${Number(day.slice(8))} ${monthOf(day)}`

/** "29 Nov", "23 – 29 Nov", "Nov 2026"; a month that is cut says from or until when. */
export function partWords({ from, to }: Part, days: Period): string {
  if (days !== 365 && from === to) return utcDayWords(from)
  if (days !== 365)
    return `${from.slice(0, 7) === to.slice(0, 7) ? Number(from.slice(8)) : utcDayWords(from)} – ${utcDayWords(to)}`
  const month = `${monthOf(from)} ${from.slice(0, 4)}`
  const after = new Date(Date.parse(to) + DAY)
  if (from.endsWith('-01') && after.getUTCDate() === 1) return month
  return from.endsWith('-01') ? `${month}, until ${utcDayWords(to)}` : `${month}, from ${utcDayWords(from)}`
}

/** What the page looks at, as its address says. */
export interface Scope {
  readonly surface?: string | undefined
  readonly service?: string | undefined
}

/** The list of the deploys behind a figure. */
export function deploysAddress(
  measure: Measure,
  { from, to }: Part,
  { surface, service }: Scope,
): `/deploys?${string}` {
  const query = new URLSearchParams()
  if (surface !== undefined) query.set('surface', surface)
  if (service !== undefined) query.set('service', service)
  query.set('measure', measure)
  query.set('from', from)
  query.set('to', to)
  return `/deploys?${query}`
}
