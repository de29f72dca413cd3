import type { ErrorCode } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import type { DeployFreeze, FreezeInForce } from '~/domain/freeze'
import { refLabel } from '~/domain/ref'

/** What the checks look at. Nothing here is asked for: whoever admits a deploy has gathered it. */
export interface RequestFacts {
  readonly surface: { readonly name: string; readonly confirm: string; readonly archived: boolean }
  /** What the operator typed. */
  readonly confirmation: string
}

export interface FreezeFacts {
  readonly surface: { readonly name: string; readonly environment: string }
  /** Those that hold now, for this surface or its environment. */
  readonly freezes: readonly FreezeInForce[]
  /** Freezes that are overridden for this deploy. */
  readonly overridden: readonly string[]
}

export interface ActiveDeployFacts {
  readonly activeDeploy: { readonly requestedBy: string; readonly ref: string } | null
}

/** Why a deploy is not admitted: what an AppError is made of. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
  /** The freeze that stands in the way, when that is what it is. */
  readonly freeze?: FreezeInForce
}

type Check<Facts> = (facts: Facts) => Refusal | null

function surfaceIsDeclared({ surface }: RequestFacts): Refusal | null {
  if (!surface.archived) return null
  const message = `${inSentence(surface.name)} is no longer declared in surfaces.yaml, so it cannot ship.`
  return { code: 'surface_archived', message, details: {} }
}

function confirmationMatches({ surface, confirmation }: RequestFacts): Refusal | null {
  if (confirmation === surface.confirm) return null
  const message = `Type "${inSentence(surface.confirm)}" exactly to deploy. Nothing was deployed.`
  return { code: 'confirmation_mismatch', message, details: {} }
}

function surfaceIsNotLocked({ surface, freezes, overridden }: FreezeFacts): Refusal | null {
  const lock = freezes.find(({ id, kind }) => kind === 'locked' && !overridden.includes(id))
  return lock === undefined ? null : heldBy(lock, 'surface_locked', `${inSentence(surface.name)} is locked`)
}

function environmentIsNotFrozen({ surface, freezes, overridden }: FreezeFacts): Refusal | null {
  const window = freezes.find(({ id, kind }) => kind === 'frozen' && !overridden.includes(id))
  return window === undefined
    ? null
    : heldBy(window, 'frozen', `${inSentence(capitalised(surface.environment))} is frozen`)
}

function noActiveDeploy({ activeDeploy }: ActiveDeployFacts): Refusal | null {
  if (activeDeploy === null) return null
  const message = `${inSentence(activeDeploy.requestedBy)} is deploying ${inSentence(refLabel(activeDeploy.ref))} right now. Wait for its end.`
  return { code: 'surface_busy', message, details: {} }
}

/** Of the request alone. */
export const REQUEST_CHECKS = [surfaceIsDeclared, confirmationMatches] as const satisfies readonly Check<RequestFacts>[]

/** Of what an operator decided about the surface or its environment; these can be overridden. */
export const FREEZE_CHECKS = [
  surfaceIsNotLocked,
  environmentIsNotFrozen,
] as const satisfies readonly Check<FreezeFacts>[]

/** For the review only. At dispatch a partial unique index decides: a check in code could lose a race. */
export const ACTIVE_DEPLOY_CHECKS = [noActiveDeploy] as const satisfies readonly Check<ActiveDeployFacts>[]

/** The first check that says no; null when all of them let the deploy pass. */
export function firstRefusal<Facts>(checks: readonly Check<Facts>[], facts: Facts): Refusal | null {
  for (const check of checks) {
    const refusal = check(facts)
    if (refusal !== null) return refusal
  }
  return null
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

function heldBy(freeze: FreezeInForce, code: ErrorCode, what: string): Refusal {
  const until = freeze.until === null ? 'until it is lifted' : `until ${minuteUtc(freeze.until)}`
  return {
    code,
    message: `${what} ${until}: “${inSentence(freeze.reason)}” (${inSentence(freeze.by)}).`,
    details: { freeze_id: freeze.id, reason: freeze.reason, until: freeze.until, by: freeze.by },
    freeze,
  }
}

const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)

/** "2026-11-21 18:00 UTC" */
const minuteUtc = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`
