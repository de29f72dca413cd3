import type { DispatchInput } from '~/domain/deploy/request'
import type { ErrorCode } from '~/domain/errors'
import { capitalise, inSentence } from '~/domain/foreign-text'
import { byStrength, type DeployFreeze, type FreezeInForce } from '~/domain/freeze'
import { refLabel } from '~/domain/ref'

/** Why a deploy is not admitted, in the members of an AppError. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/** Why the request itself is refused: the surface is archived, or the typed confirmation does not match. */
export function refuseDispatch({
  surface,
  confirmation,
}: {
  readonly surface: { readonly name: string; readonly confirm: string; readonly archived: boolean }
  readonly confirmation: string
}): Refusal | null {
  if (surface.archived) {
    const message = `${inSentence(surface.name)} is no longer declared in surfaces.yaml. Nothing was deployed. Declare the surface again.`
    return { code: 'surface_archived', message, details: {} }
  }
  if (confirmation !== surface.confirm) {
    const message = `Type "${inSentence(surface.confirm)}" exactly to deploy. Nothing was deployed.`
    return { code: 'confirmation_mismatch', message, details: {} }
  }
  return null
}

/** For the review only. At dispatch a partial unique index decides: a check in code could lose a race. */
export function refuseWhileDeploying(
  activeDeploy: { readonly requestedBy: string; readonly ref: string } | null,
): Refusal | null {
  if (activeDeploy === null) return null
  const message = `${inSentence(activeDeploy.requestedBy)} is deploying ${inSentence(refLabel(activeDeploy.ref))} right now. Wait until that deploy ends.`
  return { code: 'surface_busy', message, details: {} }
}

export interface FreezeDecision {
  /** The freezes in force that the override covers. */
  readonly overridden: readonly string[]
  /** Why the deploy may not ship: the lock, then the freeze that ends last. Empty when nothing stands in the way. */
  readonly refusals: readonly (Refusal & { readonly freeze: FreezeInForce })[]
}

/**
 * Whether freezes and locks let a deploy ship. The review, the request, the dispatch, the approval and the freeze check of a workflow all
 * ask here. An override without ids covers every freeze in force; one with ids covers those alone, so a freeze opened later still holds.
 */
export function decideFreeze({
  surface,
  freezes,
  override,
}: {
  readonly surface: { readonly name: string; readonly environment: string }
  /** Those in force now, for this surface or its environment. */
  readonly freezes: readonly FreezeInForce[]
  readonly override: Pick<NonNullable<DispatchInput['overrideFreeze']>, 'freezeIds'> | null
}): FreezeDecision {
  const covers = ({ id }: FreezeInForce) => override !== null && (override.freezeIds?.includes(id) ?? true)
  const standing = byStrength(freezes.filter((freeze) => !covers(freeze)))
  const lock = standing.find(({ kind }) => kind === 'locked')
  const window = standing.find(({ kind }) => kind === 'frozen')
  return {
    overridden: freezes.filter(covers).map(({ id }) => id),
    refusals: [
      ...(lock === undefined ? [] : [refusalOf(lock, 'surface_locked', `${inSentence(surface.name)} is locked`)]),
      ...(window === undefined
        ? []
        : [refusalOf(window, 'frozen', `${inSentence(capitalise(surface.environment))} is frozen`)]),
    ],
  }
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

function refusalOf(freeze: FreezeInForce, code: ErrorCode, what: string): FreezeDecision['refusals'][number] {
  const until = freeze.until === null ? 'until it is lifted' : `until ${minuteUtc(freeze.until)}`
  return {
    code,
    message: `${what} ${until}: “${inSentence(freeze.reason)}” (${inSentence(freeze.by)}).`,
    details: { freeze_id: freeze.id, reason: freeze.reason, until: freeze.until, by: freeze.by },
    freeze,
  }
}

/** "2026-11-21 18:00 UTC" */
const minuteUtc = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`
