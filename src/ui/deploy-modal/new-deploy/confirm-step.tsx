'use client'

import type { Dispatch } from 'react'
import { changeSentence, deployVerb, explainSource } from '~/domain/deploy/source'
import { refLabel } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ModalBody, ModalFoot } from '~/ui/deploy-modal/frame/modal-frame'
import { ConfirmField } from '~/ui/deploy-modal/new-deploy/confirm-field'
import { DispatchError } from '~/ui/deploy-modal/new-deploy/dispatch-error'
import { type Flow, type FlowAction, isEditable, isTypeable } from '~/ui/deploy-modal/new-deploy/flow'
import { HeldWarning } from '~/ui/deploy-modal/new-deploy/held-surface'
import { ChangedCommits } from '~/ui/deploy-modal/review/changes'
import { Button } from '~/ui/primitives/button'
import { INPUT } from '~/ui/primitives/field'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { Sha } from '~/ui/primitives/sha'

interface ConfirmStepProps {
  readonly surface: SurfaceTile
  readonly flow: Extract<Flow, { step: 'confirm' }>
  readonly act: Dispatch<FlowAction>
  readonly onSubmit: () => void
  /** To the deploy that holds the surface. */
  readonly onFollow: (deployId: string) => void
  readonly ready: boolean
}

/** Step 3: the name, typed. The server compares it once more. */
export function ConfirmStep({ surface, flow, act, onSubmit, onFollow, ready }: ConfirmStepProps) {
  const { draft, attempt } = flow
  const locked = !isEditable(flow)
  // What was sent already has its own answer.
  const isHeld = surface.held !== null && !locked
  const comparison = flow.reviewed?.comparison ?? null
  const verb = deployVerb(comparison)
  const words = surface.requiresApproval
    ? { open: 'Ask for approval', sending: 'Asking…', unknown: 'Retry' }
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
        {surface.requiresApproval && (
          <Notice tone="plain">Nothing ships yet: another person has to approve this commit first.</Notice>
        )}
        {draft.source !== null && <p className="text-sm text-ink-soft">{explainSource(draft.source, comparison)}</p>}
        {flow.reviewed !== null && <p className="font-medium">{changeSentence(comparison)}.</p>}
        {flow.override !== null && (
          <Notice tone="warn">
            <span className="font-medium">In spite of the freeze:</span> “
            <ForeignText text={flow.override.reason} whole />”
          </Notice>
        )}
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
        <DispatchError attempt={attempt} onReviewAgain={() => act({ type: 'back' })} onFollow={onFollow} />
        {comparison !== null && comparison.kind !== 'identical' && (
          <section aria-labelledby="confirmed-commits">
            <h3 id="confirmed-commits" className="mb-1 text-sm font-semibold">
              Commits
            </h3>
            <ChangedCommits comparison={comparison} head={null} />
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
