'use client'

import { type Dispatch, useState } from 'react'
import { QUEUE_MINUTES } from '~/domain/deploy/queue'
import { changeSentence, deployVerb, explainSource } from '~/domain/deploy/source'
import { inSentence } from '~/domain/foreign-text'
import { refLabel } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ModalBody, ModalFoot, useFocusOnArrival } from '~/ui/deploy-modal/frame/modal-frame'
import {
  type Attempt,
  checklistOf,
  type Flow,
  type FlowAction,
  isConfirmed,
  isEditable,
  isTypeable,
} from '~/ui/deploy-modal/new-deploy/flow'
import { HeldWarning } from '~/ui/deploy-modal/new-deploy/held-surface'
import { ArmedNotice } from '~/ui/deploy-modal/review/armed-notice'
import { ChangedCommits } from '~/ui/deploy-modal/review/changes'
import { Button } from '~/ui/primitives/button'
import { INPUT } from '~/ui/primitives/field'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { InputList } from '~/ui/primitives/input-list'
import { Notice } from '~/ui/primitives/notice'
import { Sha } from '~/ui/primitives/sha'
import type { WireError } from '~/ui/trpc/wire-error'

interface ConfirmStepProps {
  readonly surface: SurfaceTile
  readonly flow: Extract<Flow, { step: 'confirm' }>
  readonly act: Dispatch<FlowAction>
  readonly onSubmit: () => void
  /** Turns the request into one that waits. */
  readonly onQueue: () => void
  /** Opens the deploy that holds the surface. */
  readonly onFollow: (deployId: string) => void
  readonly ready: boolean
}

/** Step 3: type the name. The server compares it again. */
export function ConfirmStep({ surface, flow, act, onSubmit, onQueue, onFollow, ready }: ConfirmStepProps) {
  const { draft, attempt } = flow
  const locked = !isEditable(flow)
  // A request that was already sent has its own answer.
  const isHeld = surface.held !== null && !locked
  const comparison = flow.reviewed?.comparison ?? null
  const isAlone = surface.requiresApproval || flow.override !== null || draft.source?.kind === 'rollback'
  const mayQueue = !isAlone && surface.held === null
  const verb = flow.queue ? 'Queue' : deployVerb(comparison)
  const words = surface.requiresApproval
    ? { open: 'Ask for approval', sending: 'Requesting…', unknown: 'Retry' }
    : flow.queue
      ? { open: verb, sending: 'Queueing…', unknown: 'Retry' }
      : { open: verb, sending: 'Dispatching…', unknown: 'Retry' }
  const again = attempt.state === 'open' && attempt.sentBefore ? 'unknown' : attempt.state
  return (
    <form
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <ModalBody>
        {isHeld && attempt.state === 'open' && attempt.refusal === null && (
          <HeldWarning surface={surface} onFollow={onFollow} />
        )}
        <p className="text-ink-soft">
          <span className="font-medium break-all text-ink">
            {draft.ref === flow.sha ? 'Commit' : <ForeignText text={refLabel(draft.ref)} />}
          </span>{' '}
          at <Sha sha={flow.sha} /> goes to{' '}
          <span className="font-medium text-ink">
            <ForeignText text={surface.name} />, <ForeignText text={surface.environment} />
          </span>
          .
        </p>
        <ArmedNotice surface={surface} source={draft.source} />
        {surface.requiresApproval && (
          <Notice tone="plain">Nothing ships yet. Another person must approve this commit first.</Notice>
        )}
        {flow.queue && <QueueNotice surface={surface} />}
        {draft.source !== null && <p className="text-sm text-ink-soft">{explainSource(draft.source, comparison)}</p>}
        {flow.reviewed !== null && <p className="font-medium">{changeSentence(comparison)}.</p>}
        <InputList inputs={Object.entries(flow.inputs).map(([name, value]) => ({ name, value }))} />
        {flow.override !== null && (
          <Notice tone="warn">
            <span className="font-medium">Overrides the freeze:</span> “
            <ForeignText text={flow.override.reason} whole />”
          </Notice>
        )}
        <Checklist
          lines={checklistOf(flow)}
          ticked={flow.ticked}
          locked={locked}
          onTick={(line, isTicked) => act({ type: 'ticked', line, isTicked })}
        />
        <ConfirmField
          confirm={surface.confirm}
          typed={draft.typed}
          verb={verb}
          locked={!isTypeable(flow)}
          onType={(text) => act({ type: 'typed', text })}
        />
        <div>
          <label htmlFor="deploy-reason" className="mb-1 block text-sm font-medium">
            Reason <span className="font-normal text-ink-faint">optional, kept with the deploy</span>
          </label>
          <input
            id="deploy-reason"
            value={draft.reason}
            readOnly={locked}
            maxLength={500}
            onChange={(event) => act({ type: 'reasoned', text: event.target.value })}
            autoComplete="off"
            className={`h-9 ${INPUT}`}
          />
        </div>
        <DispatchError
          attempt={attempt}
          onReviewAgain={() => act({ type: 'back' })}
          onFollow={onFollow}
          onQueue={mayQueue ? onQueue : null}
        />
        {comparison !== null && comparison.kind !== 'identical' && (
          <section aria-labelledby="confirmed-commits">
            <h3 id="confirmed-commits" className="mb-1 text-sm font-semibold">
              Commits
            </h3>
            <ChangedCommits comparison={comparison} head={null} pulls={flow.reviewed?.pulls ?? []} />
          </section>
        )}
      </ModalBody>
      <ModalFoot
        left={
          !locked && (
            <Button tone="bare" onClick={() => act({ type: 'back' })} className="-ml-3">
              Back
            </Button>
          )
        }
      >
        <Button type="submit" tone="strong" disabled={!ready || isHeld} className="min-w-28">
          {words[again]}
        </Button>
      </ModalFoot>
    </form>
  )
}

/** What waiting means. The commits were compared with what runs now, which the deploys ahead are about to change. */
function QueueNotice({ surface }: { readonly surface: SurfaceTile }) {
  const { lastDeploy, queue } = surface
  const before = queue.waiting.length
  return (
    <Notice tone="plain">
      {lastDeploy !== null && !lastDeploy.terminal && (
        <>
          <ForeignText text={lastDeploy.requestedBy} /> is deploying <ForeignText text={refLabel(lastDeploy.ref)} /> now
          {before > 0 && `, and ${before} ${before === 1 ? 'request waits' : 'requests wait'}`}.{' '}
        </>
      )}
      This commit waits for its turn, for at most {QUEUE_MINUTES} minutes, and everything is checked again then. The
      deploys ahead change what runs, so it may add or remove other commits than those below. Your newer request of the
      same ref replaces it. If you sign out, it is refused.
    </Notice>
  )
}

interface ChecklistProps {
  readonly lines: readonly string[]
  readonly ticked: readonly string[]
  readonly locked: boolean
  readonly onTick: (line: string, isTicked: boolean) => void
}

/** What the surface asks to be checked before a deploy. Each line is ticked by itself. */
function Checklist({ lines, ticked, locked, onTick }: ChecklistProps) {
  if (lines.length === 0) return null
  const open = lines.filter((line) => !ticked.includes(line)).length
  return (
    <fieldset className="rounded-[5px] border border-line px-3 pt-1 pb-2" disabled={locked}>
      <legend className="px-1 text-sm font-medium">
        Checklist{' '}
        <span className="font-normal text-ink-faint">
          {open === 0 ? 'complete' : `${open} of ${lines.length} left to tick`}, kept with the deploy
        </span>
      </legend>
      {lines.map((line) => (
        <label key={line} className="flex min-h-7 items-start gap-2 py-1 text-sm any-pointer-coarse:min-h-9">
          <input
            type="checkbox"
            checked={ticked.includes(line)}
            onChange={(event) => onTick(line, event.target.checked)}
            className="mt-0.5 size-4 shrink-0 accent-accent"
          />
          <span className="min-w-0 break-words">
            <ForeignText text={line} whole />
          </span>
        </label>
      ))}
    </fieldset>
  )
}

interface ConfirmFieldProps {
  readonly confirm: string
  readonly typed: string
  /** The action that typing the name confirms. */
  readonly verb: string
  readonly locked: boolean
  readonly onType: (text: string) => void
}

/** The field for the name. Reports a mismatch on Enter or when the field loses focus, not with every letter. */
function ConfirmField({ confirm, typed, verb, locked, onType }: ConfirmFieldProps) {
  const field = useFocusOnArrival<HTMLInputElement>()
  const [finished, setFinished] = useState(false)
  const wrong = finished && !isConfirmed(typed, confirm)
  return (
    <div>
      <label htmlFor="deploy-confirm" className="mb-1 block text-sm font-medium">
        Type{' '}
        <code className="rounded-[3px] bg-well px-1 py-0.5 font-mono text-[0.8125rem] select-all">
          <ForeignText text={confirm} />
        </code>{' '}
        to {verb.toLowerCase()}
      </label>
      <input
        id="deploy-confirm"
        ref={field}
        value={typed}
        readOnly={locked}
        onChange={(event) => {
          setFinished(false)
          onType(event.target.value)
        }}
        onBlur={() => setFinished(typed !== '')}
        // Enter does not submit a form whose button is disabled, so listen for the key here.
        onKeyDown={(event) => event.key === 'Enter' && setFinished(true)}
        aria-invalid={wrong}
        aria-describedby="deploy-confirm-answer"
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        className={`h-9 font-mono ${INPUT} aria-invalid:border-bad`}
      />
      <p id="deploy-confirm-answer" aria-live="polite" className="mt-1 min-h-[1.125rem] text-xs text-bad">
        {wrong && `Does not match ${inSentence(confirm)}`}
      </p>
    </div>
  )
}

/** Refusals that a new review explains. */
const REVIEW_AGAIN = [
  'ref_moved',
  'ref_unfit',
  'source_refused',
  'surface_changed',
  'inputs_refused',
  'checklist_incomplete',
  'surface_busy',
  'frozen',
  'surface_locked',
] as const

/** The outcome of the last press. The typed text is kept. */
function DispatchError({
  attempt,
  onReviewAgain,
  onFollow,
  onQueue,
}: {
  readonly attempt: Attempt
  readonly onReviewAgain: () => void
  readonly onQueue: (() => void) | null
  /** Opens the deploy that holds the surface. */
  readonly onFollow: (deployId: string) => void
}) {
  if (attempt.state === 'sending') return null
  if (attempt.state === 'unknown') {
    return (
      <Notice tone="warn" role="alert">
        {attempt.error.message} It is unknown whether this deploy was recorded. Press Retry to request the same deploy
        again; a second deploy cannot start.
      </Notice>
    )
  }
  if (attempt.sentBefore) {
    return (
      <Notice tone="warn" role="alert">
        This deploy was sent before the page was reloaded. It is unknown whether the deploy was recorded. Type the name,
        then press Retry to request the same deploy again; a second deploy cannot start.
      </Notice>
    )
  }
  if (attempt.refusal === null) return null
  return (
    <Notice
      tone="bad"
      role="alert"
      action={<WayOn refusal={attempt.refusal} onReviewAgain={onReviewAgain} onFollow={onFollow} onQueue={onQueue} />}
    >
      {attempt.refusal.message}
    </Notice>
  )
}

interface WayOnProps {
  readonly refusal: WireError
  readonly onReviewAgain: () => void
  readonly onFollow: (deployId: string) => void
  /** Null if the request cannot wait. */
  readonly onQueue: (() => void) | null
}

function WayOn({ refusal, onReviewAgain, onFollow, onQueue }: WayOnProps) {
  const { appCode, deployId } = refusal
  if (appCode === 'surface_busy' && deployId !== undefined) {
    return (
      <div className="flex flex-wrap gap-2">
        {onQueue !== null && <Button onClick={onQueue}>Queue instead</Button>}
        <Button onClick={() => onFollow(deployId)}>Open that deploy</Button>
      </div>
    )
  }
  const again = REVIEW_AGAIN.some((code) => code === appCode)
  return again ? <Button onClick={onReviewAgain}>Review again</Button> : null
}
