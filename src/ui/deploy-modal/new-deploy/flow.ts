import type { AskedValues } from '~/domain/deploy/asked-inputs'
import { linesToTick } from '~/domain/deploy/checklist'
import type { DeploySource, ReviewBasis } from '~/domain/deploy/request'
import { sourceToKeep } from '~/domain/deploy/source'
import type { Review } from '~/domain/surface/review'
import type { WireError } from '~/ui/trpc/wire-error'

/** What the operator has entered. Survives every step back and every error. */
interface Draft {
  readonly ref: string
  readonly typed: string
  readonly reason: string
  /** Why a freeze is overridden, if one blocks the deploy. */
  readonly override: string
  /** The earlier deploy or the other surface that the commit in `ref` is taken from. */
  readonly source: DeploySource | null
  /** What was filled in of the inputs that the surface asks for. */
  readonly filled: AskedValues
}

/** Whether anything was typed that closing the dialog would lose. */
export function hasEntries(flow: Flow): boolean {
  const { typed, reason, override, filled } = flow.draft
  if (flow.step === 'confirm' && flow.ticked.length > 0) return true
  return [typed, reason, override].some((text) => text !== '') || Object.keys(filled).length > 0
}

/** Covers only the freezes that the review showed. */
interface Override {
  readonly reason: string
  readonly freezeIds: string[]
}

/** What the review showed. */
interface Reviewed extends Pick<Review, 'runningSha' | 'comparison' | 'pulls' | 'checklist'> {
  /** Null in a draft that an earlier version of the console stored. */
  readonly basis: ReviewBasis | null
}

/** The request as it was sent. A retry repeats exactly this. */
interface DispatchRequest {
  readonly surfaceId: string
  readonly ref: string
  readonly confirmation: string
  readonly reason?: string
  readonly expectedSha: string
  readonly reviewedRunningSha?: string
  readonly basis?: ReviewBasis
  readonly inputs?: AskedValues
  readonly checklist?: string[]
  readonly queue?: true
  readonly idempotencyKey: string
  readonly overrideFreeze?: Override
  readonly source?: DeploySource
}

/**
 * One intent, from the first press until an answer. Its idempotency key stays the same while the outcome is unknown, so
 * pressing again after a lost connection requests the same deploy and can never start a second one.
 */
export type Attempt =
  | {
      readonly state: 'open'
      readonly key: string
      readonly refusal: WireError | null
      /** Sent before the page was reloaded, with an unknown outcome: only the name must be typed again. */
      readonly sentBefore: boolean
    }
  | { readonly state: 'sending'; readonly request: DispatchRequest }
  | { readonly state: 'unknown'; readonly request: DispatchRequest; readonly error: WireError }

/** The steps of a new deploy: choose → review → confirm. */
export type Flow =
  | { readonly step: 'choose'; readonly draft: Draft }
  | {
      readonly step: 'review'
      readonly draft: Draft
      /** Why a new review is needed; null the first time. */
      readonly refusal: WireError | null
    }
  | {
      readonly step: 'confirm'
      readonly draft: Draft
      readonly sha: string
      /** Null in a draft that an earlier version of the console stored. */
      readonly reviewed: Reviewed | null
      readonly override: Override | null
      /** The inputs that are sent, with their defaults. */
      readonly inputs: AskedValues
      /** The ticked lines of the checklist. A new review unticks them, since it may show something else. */
      readonly ticked: readonly string[]
      /** The surface was busy: the request waits in its queue. */
      readonly queue: boolean
      readonly attempt: Attempt
    }

export type FlowAction =
  | { readonly type: 'chosen'; readonly ref: string; readonly source?: DeploySource }
  | { readonly type: 'overriding'; readonly text: string }
  | { readonly type: 'filled'; readonly name: string; readonly value: string }
  | {
      readonly type: 'reviewed'
      readonly sha: string
      readonly reviewed: Reviewed
      readonly key: string
      readonly freezeIds: string[]
      readonly inputs: AskedValues
      readonly queue?: boolean
    }
  | { readonly type: 'queueing'; readonly key: string }
  | { readonly type: 'typed'; readonly text: string }
  | { readonly type: 'ticked'; readonly line: string; readonly isTicked: boolean }
  | { readonly type: 'reasoned'; readonly text: string }
  | { readonly type: 'sent'; readonly request: DispatchRequest }
  | { readonly type: 'failed'; readonly error: WireError; readonly nextKey: string }
  | { readonly type: 'back' }

/** A ref from the address starts at its review: a retry is reviewed like any other deploy. */
export function startFlow(ref: string | null, source: DeploySource | null = null): Flow {
  const draft: Draft = { ref: ref ?? '', typed: '', reason: '', override: '', source, filled: {} }
  return ref === null ? { step: 'choose', draft } : { step: 'review', draft, refusal: null }
}

export function flowReducer(flow: Flow, action: FlowAction): Flow {
  switch (action.type) {
    case 'chosen': {
      if (flow.step !== 'choose') return flow
      // Another ref is another intent: the name must be typed again.
      const same = action.ref === flow.draft.ref
      const source = action.source ?? (same ? flow.draft.source : null)
      const draft = { ...flow.draft, ref: action.ref, typed: same ? flow.draft.typed : '', source }
      return { step: 'review', draft, refusal: null }
    }
    case 'overriding':
      return flow.step === 'review' ? { ...flow, draft: { ...flow.draft, override: action.text } } : flow
    case 'filled': {
      if (flow.step !== 'review') return flow
      return { ...flow, draft: { ...flow.draft, filled: { ...flow.draft.filled, [action.name]: action.value } } }
    }
    case 'reviewed':
      if (flow.step !== 'review') return flow
      return {
        step: 'confirm',
        draft: flow.draft,
        sha: action.sha,
        reviewed: action.reviewed,
        override: overrideOf(flow.draft, action.freezeIds),
        inputs: action.inputs,
        ticked: [],
        queue: action.queue ?? false,
        attempt: { state: 'open', key: action.key, refusal: null, sentBefore: false },
      }
    case 'queueing':
      if (!isEditable(flow)) return flow
      return { ...flow, queue: true, attempt: { state: 'open', key: action.key, refusal: null, sentBefore: false } }
    case 'typed':
      return isTypeable(flow) ? { ...flow, draft: { ...flow.draft, typed: action.text } } : flow
    case 'reasoned':
      return isEditable(flow) ? { ...flow, draft: { ...flow.draft, reason: action.text } } : flow
    case 'ticked': {
      if (!isEditable(flow)) return flow
      const others = flow.ticked.filter((line) => line !== action.line)
      return { ...flow, ticked: action.isTicked ? [...others, action.line] : others }
    }
    case 'sent':
      return flow.step === 'confirm' ? { ...flow, attempt: { state: 'sending', request: action.request } } : flow
    case 'failed':
      return afterFailure(flow, action)
    case 'back':
      return stepBack(flow)
  }
}

/**
 * After a refusal nothing was recorded, and the next press is a new intent. After any other error the outcome is
 * unknown. If the surface now runs another commit, a new review is needed.
 */
function afterFailure(flow: Flow, { error, nextKey }: Extract<FlowAction, { type: 'failed' }>): Flow {
  if (flow.step !== 'confirm' || flow.attempt.state !== 'sending') return flow
  if (error.kind !== 'refused') return { ...flow, attempt: { state: 'unknown', request: flow.attempt.request, error } }
  if (error.appCode === 'running_changed') return { step: 'review', draft: flow.draft, refusal: error }
  return { ...flow, attempt: { state: 'open', key: nextKey, refusal: error, sentBefore: false } }
}

function overrideOf(draft: Draft, freezeIds: string[]): Override | null {
  return freezeIds.length === 0 ? null : { reason: draft.override.trim(), freezeIds }
}

function stepBack(flow: Flow): Flow {
  if (flow.step === 'review') return { step: 'choose', draft: flow.draft }
  if (isEditable(flow)) return { step: 'review', draft: flow.draft, refusal: null }
  return flow
}

/** The draft must not change while a request is in progress or its outcome is unknown. */
export function isEditable(flow: Flow): flow is Extract<Flow, { step: 'confirm' }> {
  return flow.step === 'confirm' && flow.attempt.state === 'open' && !flow.attempt.sentBefore
}

/** The name may be typed again at any time, since every request sends the same text. */
export function isTypeable(flow: Flow): flow is Extract<Flow, { step: 'confirm' }> {
  return flow.step === 'confirm' && flow.attempt.state === 'open'
}

/** Compares the exact phrase, as the server does, but allows spaces around a pasted name. */
export function isConfirmed(typed: string, confirm: string): boolean {
  return typed.trim() === confirm
}

/** The lines that this deploy needs ticked: none if it is a rollback. */
export function checklistOf({ draft, reviewed }: Extract<Flow, { step: 'confirm' }>): readonly string[] {
  return linesToTick(reviewed?.checklist ?? [], sourceToKeep(draft.source, reviewed?.comparison ?? null))
}

/**
 * The request that pressing Deploy sends: the same request after a lost answer, otherwise a new one. Null while
 * pressing is not allowed.
 */
export function requestToSend(flow: Flow, surface: { readonly id: string; readonly confirm: string }) {
  if (flow.step !== 'confirm' || !isConfirmed(flow.draft.typed, surface.confirm)) return null
  if (flow.attempt.state === 'sending') return null
  if (flow.attempt.state === 'unknown') return flow.attempt.request
  const reason = flow.draft.reason.trim()
  const { reviewed } = flow
  const source = sourceToKeep(flow.draft.source, reviewed?.comparison ?? null)
  // A request that was sent is repeated as it was.
  const checklist = flow.attempt.sentBefore ? flow.ticked : checklistOf(flow)
  if (!checklist.every((line) => flow.ticked.includes(line))) return null
  const request: DispatchRequest = {
    surfaceId: surface.id,
    ref: flow.draft.ref,
    confirmation: flow.draft.typed.trim(),
    ...(reason === '' ? {} : { reason }),
    expectedSha: flow.sha,
    ...(reviewed === null ? {} : { reviewedRunningSha: reviewed.runningSha ?? 'unknown' }),
    ...(reviewed === null || reviewed.basis === null ? {} : { basis: reviewed.basis }),
    ...(Object.keys(flow.inputs).length === 0 ? {} : { inputs: flow.inputs }),
    ...(checklist.length === 0 ? {} : { checklist: [...checklist] }),
    ...(flow.queue ? { queue: true as const } : {}),
    idempotencyKey: flow.attempt.key,
    ...(flow.override === null ? {} : { overrideFreeze: flow.override }),
    ...(source === null ? {} : { source }),
  }
  return request
}
