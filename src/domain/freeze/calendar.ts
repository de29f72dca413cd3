import { z } from 'zod'
import type { FreezeKind } from '~/domain/freeze/freeze'
import { instant, rangeEnd, rangeStart, surfaceId } from '~/domain/input'

/** The longest stretch of time that one calendar shows. */
export const CALENDAR_DAYS_AT_MOST = 45
const DAY_MS = 86_400_000

export const calendarInput = z
  .object({ from: rangeStart, to: rangeEnd })
  .refine(({ from, to }) => to > from && to.getTime() - from.getTime() <= CALENDAR_DAYS_AT_MOST * DAY_MS, {
    path: ['to'],
    message: `must be after the start, and at most ${CALENDAR_DAYS_AT_MOST} days later`,
  })

/** May the surface be deployed at this time? Now if it is left out. */
export const netStateInput = z.object({ surfaceId, at: instant.optional() })

/** One stretch of time in which a freeze applies. Times are ISO strings in UTC. */
export interface CalendarFreeze {
  readonly freezeId: string
  readonly kind: FreezeKind
  readonly environment: string | null
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string } | null
  readonly reason: string
  readonly by: string
  readonly start: string
  /** Null: until it is lifted. */
  readonly end: string | null
  readonly recurs: boolean
  readonly lifted: boolean
  readonly rollbacksPass: boolean
}

export interface CalendarDeploy {
  readonly id: string
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string }
  readonly status: string
  readonly ref: string
  readonly sha: string | null
  readonly requestedBy: string
  readonly requestedAt: string
}

export interface Calendar {
  readonly freezes: readonly CalendarFreeze[]
  readonly deploys: readonly CalendarDeploy[]
  /** Freezes or deploys of that time are too many to be shown all. */
  readonly incomplete: { readonly freezes: boolean; readonly deploys: boolean }
  /** How many months before and after the present one can be asked for. */
  readonly monthsAround: number
  readonly now: string
}
