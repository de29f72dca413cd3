import { z } from 'zod'
import { type Recurrence, recurrence } from '~/domain/freeze/recurrence-input'
import { environmentName, id, instant, requiredReason, surfaceId } from '~/domain/input'

/**
 * `freeze` refuses while it applies. `allow` refuses outside its occurrences. `lock` refuses deploys of one surface. `notice` refuses nothing.
 */
export const FREEZE_KINDS = ['freeze', 'allow', 'lock', 'notice'] as const
export type FreezeKind = (typeof FREEZE_KINDS)[number]

/** A kind that this version does not know refuses, as a freeze does. */
export const freezeKind = (stored: string): FreezeKind => FREEZE_KINDS.find((known) => known === stored) ?? 'freeze'

/** When a freeze is in force. */
export interface FreezeTimes {
  readonly startsAt: Date
  /** Null: until it is lifted. */
  readonly endsAt: Date | null
  readonly liftedAt: Date | null
}

export type FreezeState = 'upcoming' | 'in_force' | 'over'

export function freezeState(freeze: FreezeTimes, now: Date): FreezeState {
  if (freeze.liftedAt !== null || (freeze.endsAt !== null && freeze.endsAt <= now)) return 'over'
  return freeze.startsAt > now ? 'upcoming' : 'in_force'
}

/** A freeze or lock that is in force now. */
export interface FreezeInForce {
  readonly id: string
  /** `locked`: by a lock of the surface. `frozen`: by a window of the surface or its environment. */
  readonly kind: 'locked' | 'frozen'
  readonly reason: string
  /** Null: until it is lifted. */
  readonly until: string | null
  readonly since: string
  readonly by: string
  /** An allow window that is closed: deploys are refused until it opens at `until`. Null: not within a year. */
  readonly closed?: true
  /** A rollback passes. */
  readonly rollbacksPass?: true
  /** A window of one surface, not of its environment. */
  readonly ofSurface?: true
}

/** A stretch of time in milliseconds, without its end. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A freeze as it was declared, and not lifted. */
export interface DeclaredFreeze {
  readonly id: string
  readonly kind: FreezeKind
  readonly environment: string | null
  readonly surfaceId: string | null
  readonly reason: string
  readonly by: string
  /** Null for rows of older versions. */
  readonly byUserId: string | null
  readonly declaredAt: Date
  readonly startsAt: Date
  readonly endsAt: Date | null
  readonly rollbacksPass: boolean
  /** Null if it does not recur. */
  readonly occurrences: Occurrences | null
}

/** The occurrences around the time in question, and until when they are known. */
export interface Occurrences {
  readonly spans: readonly Span[]
  readonly knownTo: number
}

/** A freeze in force, with what decides about a request. Windows are shown only the rest. */
export interface StandingFreeze extends FreezeInForce {
  readonly byUserId: string | null
  readonly declaredAt: Date
}

/** The part that is shown. */
export const shownFreeze = ({ byUserId: _, declaredAt: __, ...shown }: StandingFreeze): FreezeInForce => shown

/**
 * Which freezes refuse at `at`. Of the allow windows of one scope, one that is open is enough; each scope that has allow windows needs an
 * open one. Notices refuse nothing.
 */
export function freezesAt(declared: readonly DeclaredFreeze[], at: Date): StandingFreeze[] {
  const current = declared.filter((freeze) => isCurrentAt(freeze, at))
  const allowing = current.filter(({ kind }) => kind === 'allow')
  return [
    ...current.flatMap((freeze) => (freeze.kind === 'freeze' || freeze.kind === 'lock' ? standingAt(freeze, at) : [])),
    ...closedAt(
      allowing.filter(({ surfaceId: scope }) => scope === null),
      at,
    ),
    ...closedAt(
      allowing.filter(({ surfaceId: scope }) => scope !== null),
      at,
    ),
  ]
}

/** The notices that apply at `at`. */
export const noticesAt = (declared: readonly DeclaredFreeze[], at: Date): StandingFreeze[] =>
  declared.flatMap((freeze) => (freeze.kind === 'notice' && isCurrentAt(freeze, at) ? standingAt(freeze, at) : []))

const isCurrentAt = ({ startsAt, endsAt }: DeclaredFreeze, at: Date) =>
  startsAt <= at && (endsAt === null || endsAt > at)

function standingAt(freeze: DeclaredFreeze, at: Date): StandingFreeze[] {
  const { startsAt, endsAt, occurrences } = freeze
  if (occurrences === null) return [standing(freeze, startsAt.getTime(), endsAt?.getTime() ?? Number.POSITIVE_INFINITY)]
  const run = mergeSpans(occurrences.spans).find(({ start, end }) => start <= at.getTime() && at.getTime() < end)
  if (run === undefined) return []
  // Occurrences that follow each other without a gap for so long have no end that is known.
  const end = Math.min(
    run.end < occurrences.knownTo ? run.end : Number.POSITIVE_INFINITY,
    endsAt?.getTime() ?? Number.POSITIVE_INFINITY,
  )
  return [standing(freeze, Math.max(run.start, startsAt.getTime()), end)]
}

/** The allow windows of one scope, if none of them is open. */
function closedAt(windows: readonly DeclaredFreeze[], at: Date): StandingFreeze[] {
  const now = at.getTime()
  const spans = windows.flatMap(({ occurrences, startsAt, endsAt }) =>
    (occurrences?.spans ?? []).flatMap(({ start, end }) => {
      const from = Math.max(start, startsAt.getTime())
      const to = Math.min(end, endsAt?.getTime() ?? Number.POSITIVE_INFINITY)
      return from < to ? [{ start: from, end: to }] : []
    }),
  )
  if (spans.some(({ start, end }) => start <= now && now < end)) return []
  const since = Math.max(...spans.map(({ end }) => end).filter((end) => end <= now))
  // The scope opens with its first window, or when the last of its windows has ended.
  const opens = Math.min(...spans.map(({ start }) => start).filter((start) => start > now))
  const ends = Math.max(...windows.map(({ endsAt }) => endsAt?.getTime() ?? Number.POSITIVE_INFINITY))
  const until = Math.min(opens, ends)
  return windows.map((window) => ({
    ...standing(window, Math.max(since, window.startsAt.getTime()), until),
    closed: true,
  }))
}

const standing = (freeze: DeclaredFreeze, since: number, until: number): StandingFreeze => ({
  id: freeze.id,
  kind: freeze.kind === 'lock' ? 'locked' : 'frozen',
  reason: freeze.reason,
  until: Number.isFinite(until) ? new Date(until).toISOString() : null,
  since: new Date(since).toISOString(),
  by: freeze.by,
  ...(freeze.rollbacksPass ? { rollbacksPass: true } : {}),
  ...(freeze.surfaceId !== null && freeze.kind !== 'lock' ? { ofSurface: true } : {}),
  byUserId: freeze.byUserId,
  declaredAt: freeze.declaredAt,
})

/** Spans that touch or overlap become one. The input is ordered by start, or not. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = []
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last === undefined || span.start > last.end) merged.push(span)
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) }
  }
  return merged
}

/**
 * The freezes that hold a deploy which was admitted at `admittedAt`. A freeze that was declared before and began since does not hold it:
 * work under way is not interrupted (ADR 057). Once the surface's time limit has passed, the deploy is waiting rather than working, and
 * every freeze holds it.
 */
export function holdsUnderWay(
  freezes: readonly StandingFreeze[],
  { admittedAt, timeoutMinutes }: { readonly admittedAt: Date; readonly timeoutMinutes: number },
  now: Date,
): readonly StandingFreeze[] {
  if (now.getTime() - admittedAt.getTime() >= timeoutMinutes * 60_000) return freezes
  return freezes.filter(({ declaredAt, since }) => declaredAt > admittedAt || Date.parse(since) <= admittedAt.getTime())
}

/** The repository variable DEPLOY_FREEZE while it freezes (docs/operations/run.md, "Freezes and locks"). */
export interface DeployFreeze {
  readonly reason: string
  readonly readAt: Date
}

/** Strongest first: a lock, then the freeze that ends last. */
export function byStrength(freezes: readonly FreezeInForce[]): FreezeInForce[] {
  const rank = ({ kind, until }: FreezeInForce) =>
    kind === 'locked' ? Number.POSITIVE_INFINITY : until === null ? Number.MAX_VALUE : Date.parse(until)
  return freezes.toSorted((a, b) => rank(b) - rank(a))
}

export const strongest = (freezes: readonly FreezeInForce[]): FreezeInForce | null => byStrength(freezes)[0] ?? null

/** A row of the freezes page. */
export interface FreezeView {
  readonly id: string
  readonly kind: FreezeKind
  /** Of a window that recurs: `in_force` while it refuses, otherwise `upcoming`. */
  readonly state: FreezeState
  /** The environment; null if it is of one surface, which is in `surface`. */
  readonly environment: string | null
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string } | null
  readonly reason: string
  readonly startsAt: string
  readonly endsAt: string | null
  readonly createdBy: string
  readonly createdAt: string
  readonly lifted: { readonly by: string; readonly at: string } | null
  readonly rollbacksPass: boolean
  /** Null if it does not recur. */
  readonly recurrence: Recurrence | null
  /** The occurrence under way, or else the next one, of a window that recurs. Null if there is none within a year. */
  readonly occurrence: { readonly start: string; readonly end: string } | null
}

/**
 * Input of `freezes.open`: from now on, or from `startsAt`; until `endsAt`, or until it is lifted. With `recurrence`, its occurrences count,
 * until `endsAt`. A window is of an environment, or of one surface.
 */
export const openFreezeInput = z.object({
  /** `freeze` if it is left out. An allow window recurs. */
  kind: z.enum(['freeze', 'allow']).optional(),
  /** `production` if neither this nor a surface is named. */
  environment: environmentName.optional(),
  surfaceId: surfaceId.optional(),
  reason: requiredReason,
  startsAt: instant.optional(),
  endsAt: instant.optional(),
  recurrence: recurrence.optional(),
  rollbacksPass: z.boolean().optional(),
})
export type OpenFreezeInput = z.output<typeof openFreezeInput>

/** Input of `surfaces.lock`: until `endsAt`, or until it is lifted. A notice warns, and refuses nothing. */
export const lockInput = z.object({
  surfaceId,
  reason: requiredReason,
  endsAt: instant.optional(),
  kind: z.enum(['lock', 'notice']).optional(),
})
export type LockInput = z.output<typeof lockInput>

/** Input of `freezes.change`. What is left out stays; `endsAt: null` is until it is lifted. */
export const changeFreezeInput = z.object({
  id,
  reason: requiredReason.optional(),
  endsAt: instant.nullable().optional(),
})
export type ChangeFreezeInput = z.output<typeof changeFreezeInput>
