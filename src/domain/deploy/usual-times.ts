import type { Phase } from '~/domain/deploy/phases'
import type { PhaseKey } from '~/domain/deploy/status'

/** How many of the last successful deploys an estimate looks at. */
export const ESTIMATE_OF = 20
/** Fewer deploys than these give no estimate. */
const LEAST = 3

/** How long a phase usually takes, in milliseconds. An estimate, never a state. */
export interface UsualTime {
  readonly median: number
  /** Nine of ten took no longer. */
  readonly p90: number
  /** How many deploys it is from. */
  readonly deploys: number
}
export type UsualTimes = Readonly<Partial<Record<PhaseKey, UsualTime>>>

/** From the phases of past deploys. Only a phase that is done, and whose start and end are known, counts. */
export function usualTimes(deploys: readonly (readonly Phase[])[]): UsualTimes {
  const times = new Map<PhaseKey, number[]>()
  for (const { key, state, startedAt, endedAt } of deploys.flat()) {
    if (state !== 'done' || startedAt === null || endedAt === null) continue
    times.set(key, [...(times.get(key) ?? []), Date.parse(endedAt) - Date.parse(startedAt)])
  }
  return Object.fromEntries(
    [...times].flatMap(([key, found]) => (found.length < LEAST ? [] : [[key, summaryOf(found)] as const])),
  )
}

/** The middle one, or the mean of the middle two; and the smallest that nine of ten do not exceed (nearest rank). */
function summaryOf(times: readonly number[]): UsualTime {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? 0
  const middle = (sorted.length - 1) / 2
  return {
    median: Math.round((at(Math.floor(middle)) + at(Math.ceil(middle))) / 2),
    p90: at(Math.ceil(sorted.length * 0.9) - 1),
    deploys: sorted.length,
  }
}
