import type { Refusal } from '~/domain/errors'
import { capitalise, inSentence } from '~/domain/foreign-text'
import {
  byStrength,
  type DeployFreeze,
  type FreezeInForce,
  type StandingFreeze,
  shownFreeze,
} from '~/domain/freeze/freeze'
import { minuteUtc } from '~/domain/utc-time'

/** Who asks for a deploy, and whether it is a rollback: proven to remove commits that run, and to add none. */
export interface Asker {
  readonly name: string
  readonly userId: string | null
  readonly isRollback: boolean
}

/** A freeze that lets this request pass. `rollback`: the freeze says so. `holder`: the requester set the lock. */
export interface FreezePass {
  readonly freeze: FreezeInForce
  readonly because: 'rollback' | 'holder'
}

export interface FreezeDecision {
  /** The freezes in force that the override covers. */
  readonly overridden: readonly string[]
  readonly passed: readonly FreezePass[]
  /** Why the deploy may not ship: the lock, then the freeze that ends last. Empty when nothing stands in the way. */
  readonly refusals: readonly (Refusal & { readonly freeze: FreezeInForce })[]
}

/**
 * Whether freezes and locks let a deploy ship. The review, the request, the dispatch, the approval, the freeze check of a workflow and the
 * calendar all ask here. An override without ids covers every freeze in force; one with ids covers those alone, so a freeze opened later still
 * holds.
 */
export function decideFreeze({
  surface,
  freezes,
  override,
  asker,
}: {
  readonly surface: { readonly name: string; readonly environment: string }
  /** Those in force now, for this surface or its environment. */
  readonly freezes: readonly StandingFreeze[]
  readonly override: { readonly freezeIds?: readonly string[] | undefined } | null
  /** Null: not known, so nothing passes. */
  readonly asker: Asker | null
}): FreezeDecision {
  const passes = freezes.flatMap((freeze) => passOf(freeze, asker))
  const left = freezes.filter(({ id }) => !passes.some(({ freeze }) => freeze.id === id))
  const covers = ({ id }: StandingFreeze) => override !== null && (override.freezeIds?.includes(id) ?? true)
  const standing = byStrength(left.filter((freeze) => !covers(freeze)).map(shownFreeze))
  const lock = standing.find(({ kind }) => kind === 'locked')
  const window = standing.find(({ kind }) => kind === 'frozen')
  return {
    overridden: left.filter(covers).map(({ id }) => id),
    passed: passes.map(({ freeze, because }) => ({ freeze: shownFreeze(freeze), because })),
    refusals: [
      ...(lock === undefined ? [] : [refusalOf(surface, lock)]),
      ...(window === undefined ? [] : [refusalOf(surface, window)]),
    ],
  }
}

function passOf(
  freeze: StandingFreeze,
  asker: Asker | null,
): { readonly freeze: StandingFreeze; readonly because: FreezePass['because'] }[] {
  if (asker === null) return []
  if (asker.isRollback && freeze.rollbacksPass === true) return [{ freeze, because: 'rollback' }]
  // A token acts for its owner under its own name, and is another holder.
  const isHolder = freeze.kind === 'locked' && freeze.byUserId === asker.userId && freeze.by === asker.name
  return isHolder && asker.userId !== null ? [{ freeze, because: 'holder' }] : []
}

/** What the review says of a freeze that lets this request pass. */
export function passSentence(
  surface: { readonly name: string; readonly environment: string },
  pass: FreezePass,
): string {
  const why = pass.because === 'holder' ? 'The requester set the lock, and may deploy.' : 'A rollback passes.'
  return `${freezeSentence(surface, pass.freeze)} ${why}`
}

/** Why a production deploy of this repository would fail at its workflow's freeze check, whatever the console allows. */
export function deployFreezeRefusal(repository: string, { reason, readAt }: DeployFreeze): Refusal {
  const origin = `DEPLOY_FREEZE in ${inSentence(repository)}`
  return {
    code: 'frozen',
    message: `Production is frozen by ${origin}: “${inSentence(reason)}” (read ${minuteUtc(readAt.toISOString())}). An override of this console does not cover it; clear the variable in the settings of the repository.`,
    details: { origin: 'DEPLOY_FREEZE', repository, reason, read_at: readAt.toISOString() },
  }
}

function refusalOf(
  surface: { readonly name: string; readonly environment: string },
  freeze: FreezeInForce,
): FreezeDecision['refusals'][number] {
  return {
    code: freeze.kind === 'locked' ? 'surface_locked' : 'frozen',
    message: freezeSentence(surface, freeze),
    details: { freeze_id: freeze.id, reason: freeze.reason, until: freeze.until, by: freeze.by },
    freeze,
  }
}

/** "Production is frozen until 2026-11-22 18:00 UTC: “Release week” (ada)." */
export function freezeSentence(
  surface: { readonly name: string; readonly environment: string },
  { kind, closed, ofSurface, until, reason, by }: FreezeInForce,
): string {
  const why = `“${inSentence(reason)}” (${inSentence(by)})`
  const isOne = kind === 'locked' || ofSurface === true
  const scope = isOne ? inSentence(surface.name) : inSentence(capitalise(surface.environment))
  if (closed === true) {
    const opens = until === null ? 'does not open within a year' : `opens ${minuteUtc(until)}`
    return `${scope} is frozen outside its allow windows. The next one ${opens}: ${why}.`
  }
  return `${scope} is ${kind} ${until === null ? 'until it is lifted' : `until ${minuteUtc(until)}`}: ${why}.`
}

/** "Notice for API until 2026-11-22 18:00 UTC: “Ask Grace first” (ada)." */
export const noticeSentence = (
  { name }: { readonly name: string },
  { until, reason, by }: Pick<FreezeInForce, 'until' | 'reason' | 'by'>,
): string =>
  `Notice for ${inSentence(name)}${until === null ? '' : ` until ${minuteUtc(until)}`}: “${inSentence(reason)}” (${inSentence(by)}).`

/** "2026-11-21 18:00 UTC" */
