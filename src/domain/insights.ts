/** The lengths of the period, in days. It ends now and begins at midnight UTC. */
export const PERIODS = [7, 30, 90, 365] as const
export type Period = (typeof PERIODS)[number]

/**
 * What a deploy to production counts as, and why it does not count. The list of deploys filters by these names, so that every figure leads to its
 * deploys. `src/server/insights/insights.sql.ts` says what each means.
 */
export const MEASURES = {
  deployment: 'Deployment',
  change: 'Change',
  lead_time: 'Change with a lead time',
  failure: 'Failed change',
  restored: 'Failed change, restored',
  unrestored: 'Failed change, no later success',
  shipping_unknown: 'Not counted: shipping unknown',
  lead_unknown: 'Not counted: commit time unknown',
  failure_unknown: 'Not counted: failure unknown',
} as const satisfies Record<string, string>
export type Measure = keyof typeof MEASURES

const isMeasure = (name: string): name is Measure => Object.hasOwn(MEASURES, name)
export const MEASURE_NAMES = Object.keys(MEASURES).filter(isMeasure)

/** The measures of some deploys. Times are milliseconds; null without any. */
export interface MeasureSums {
  readonly counts: Readonly<Record<Measure, number>>
  readonly leadTime: number | null
  readonly restoreTime: number | null
}

/** The deploys of one surface in one part of a period. */
export interface MeasureGroup {
  readonly surface: string
  /** The number of the part, from 0. */
  readonly part: number
  readonly counts: MeasureSums['counts']
  readonly leadTimes: Float64Array
  readonly restoreTimes: Float64Array
}

/** The measures of several groups together. */
export function sumGroups(groups: readonly MeasureGroup[]): MeasureSums {
  const sum = (measure: Measure) => groups.reduce((total, { counts }) => total + counts[measure], 0)
  return {
    counts: {
      deployment: sum('deployment'),
      change: sum('change'),
      lead_time: sum('lead_time'),
      failure: sum('failure'),
      restored: sum('restored'),
      unrestored: sum('unrestored'),
      shipping_unknown: sum('shipping_unknown'),
      lead_unknown: sum('lead_unknown'),
      failure_unknown: sum('failure_unknown'),
    },
    leadTime: medianOf(groups.map(({ leadTimes }) => leadTimes)),
    restoreTime: medianOf(groups.map(({ restoreTimes }) => restoreTimes)),
  }
}

/** The middle one, or the mean of the middle two. Typed arrays, because a year may have hundreds of thousands. */
function medianOf(parts: readonly Float64Array[]): number | null {
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0))
  let length = 0
  for (const part of parts) {
    all.set(part, length)
    length += part.length
  }
  all.sort()
  const middle = (length - 1) / 2
  const [low, high] = [all[Math.floor(middle)], all[Math.ceil(middle)]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}

interface Named {
  readonly id: string
  readonly name: string
}

/** Over how many days the frequency is measured: from the first day of the period, or from the first deploy if that is later; at least one. */
interface Recorded {
  readonly recordedDays: number
}

/** The surfaces of a service to which production deploys went. A service is named by the id of its first surface. */
export interface ServiceSums extends Named, MeasureSums, Recorded {
  readonly surfaces: readonly (Named & MeasureSums & Recorded & { readonly archived: boolean })[]
}

export interface Insights {
  readonly total: MeasureSums & Recorded
  /** Parts of the period, the oldest first. */
  readonly parts: readonly (Part & MeasureSums)[]
  readonly services: readonly ServiceSums[]
  /** The values to filter by. Services of one surface are left out. */
  readonly choices: { readonly surfaces: readonly Named[]; readonly services: readonly Named[] }
  /** The first day, UTC. */
  readonly from: string
  /** The day of the first deploy to the chosen surfaces if it is within the period. */
  readonly recordedFrom: string | null
}

/** Days in UTC, such as `2026-11-29`, both included. */
export interface Part {
  readonly from: string
  readonly to: string
}

const DAY_MS = 86_400_000

export const dayOf = (at: Date): string => at.toISOString().slice(0, 10)
export const startOfDay = (at: Date): Date => new Date(at.getTime() - (at.getTime() % DAY_MS))

/** The first moment of a period that ends now. */
export const periodStart = (days: Period, now: Date): Date => new Date(startOfDay(now).getTime() - (days - 1) * DAY_MS)

/** Days for a week, weeks (from Monday) for a month or a quarter, calendar months for a year. The first and the last may be shorter. */
export function partsOf(days: Period, now: Date): readonly Part[] {
  const [first, last] = [periodStart(days, now), startOfDay(now)]
  const parts: Part[] = []
  for (let at = first; at <= last; ) {
    const next = new Date(Math.min(nextPart(days, at).getTime(), last.getTime() + DAY_MS))
    parts.push({ from: dayOf(at), to: dayOf(new Date(next.getTime() - DAY_MS)) })
    at = next
  }
  return parts
}

function nextPart(days: Period, at: Date): Date {
  if (days === 365) return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1))
  const length = days === 7 ? 1 : 7 - ((at.getUTCDay() + 6) % 7)
  return new Date(at.getTime() + length * DAY_MS)
}

/** A median or a rate of fewer is mostly chance. */
export const FEWEST = 5

/** The share of changes that failed; null for too few changes. */
export function failureRate({ counts }: Pick<MeasureSums, 'counts'>): number | null {
  return counts.change < FEWEST ? null : counts.failure / counts.change
}

/** A median that rests on enough deploys; null otherwise. */
export const provenMedian = (median: number | null, of: number): number | null => (of < FEWEST ? null : median)
