'use client'

import { useEffect, useReducer, useState } from 'react'
import type { DeploySource } from '~/domain/deploy/request'
import { deployVerb } from '~/domain/deploy/source'
import type { Comparison } from '~/domain/surface/review'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ModalHead, useTypedInput } from '~/ui/deploy-modal/frame/modal-frame'
import { ChooseRef } from '~/ui/deploy-modal/new-deploy/choose-ref'
import { ConfirmStep } from '~/ui/deploy-modal/new-deploy/confirm-step'
import { type Flow, flowReducer, hasEntries, requestToSend, startFlow } from '~/ui/deploy-modal/new-deploy/flow'
import { HeldSurface } from '~/ui/deploy-modal/new-deploy/held-surface'
import { forgetDraft, keepDraft, keptDraftOf } from '~/ui/deploy-modal/new-deploy/kept-draft'
import { ReviewStep } from '~/ui/deploy-modal/new-deploy/review-step'
import { useMember } from '~/ui/shell/member'
import { asOf } from '~/ui/time/relative-time'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface NewDeployProps {
  readonly surface: SurfaceTile
  readonly initialRef: string | null
  readonly initialSource: DeploySource | null
  /** The deploy whose inputs are filled in again. */
  readonly like: string | null
  /** Surfaces whose version could be promoted to this one. */
  readonly promotable: readonly SurfaceTile[]
  readonly onDeploy: (deployId: string) => void
  /** Opens the approval request, if the surface requires approval. */
  readonly onWait: (approvalId: string) => void
  /** Opens the request that waits in the queue. */
  readonly onQueued: (queuedId: string) => void
}

/** Choose → review → confirm, up to the moment the console has recorded the deploy. */
export function NewDeploy({ surface, initialRef, initialSource, like, promotable, ...props }: NewDeployProps) {
  const { onDeploy, onWait, onQueued } = props
  const email = useMember()?.email ?? ''
  const [kept] = useState(() => keptDraftOf(email, surface.id, initialRef))
  const [flow, act] = useReducer(flowReducer, null, () => kept?.flow ?? startFlow(initialRef, initialSource))
  useEffect(() => keepDraft(email, surface.id, flow, initialRef), [email, surface.id, flow, initialRef])
  const utils = trpc.useUtils()
  const dispatch = trpc.deploys.dispatch.useMutation({
    onSuccess: (answer) => {
      forgetDraft(email, surface.id)
      if (answer.outcome === 'deploy') return onDeploy(answer.id)
      if (answer.outcome === 'queued') onQueued(answer.queued.id)
      else onWait(answer.approval.id)
      void utils.surfaces.list.invalidate()
    },
    onError: (error) => {
      const wire = readWireError(error)
      act({ type: 'failed', error: wire, nextKey: newIdempotencyKey() })
      // Another deploy came first: refresh the tile behind the dialog too.
      if (wire.appCode === 'surface_busy') void utils.surfaces.list.invalidate()
    },
  })

  /** From the review on the screen. */
  const [compared, setCompared] = useState<Comparison | null>(null)
  const comparison = flow.step === 'confirm' ? (flow.reviewed?.comparison ?? null) : compared

  useTypedInput(hasEntries(flow))

  const submit = () => {
    const request = requestToSend(flow, surface)
    if (request === null) return
    act({ type: 'sent', request })
    dispatch.mutate(request)
  }

  return (
    <>
      <ModalHead doing={deployVerb(comparison)} surface={surface.name} environment={surface.environment}>
        <FlowSteps step={flow.step} />
        {kept !== null && (
          <p role="status" className="mt-1 text-xs text-ink-soft">
            Your draft as of {asOf(kept.at, Date.now())} is back. The name is not kept: type it again.
          </p>
        )}
      </ModalHead>
      {flow.step === 'choose' && surface.held !== null && <HeldSurface surface={surface} onFollow={onDeploy} />}
      {flow.step === 'choose' && surface.held === null && (
        <ChooseRef
          surface={surface}
          chosenBefore={flow.draft.ref}
          onChoose={(ref) => act({ type: 'chosen', ref })}
          promotable={promotable}
          onPromote={(ref, surfaceId) => act({ type: 'chosen', ref, source: { kind: 'promotion', surfaceId } })}
        />
      )}
      {flow.step === 'review' && (
        <ReviewStep
          surface={surface}
          refName={flow.draft.ref}
          source={flow.draft.source}
          onBack={() => act({ type: 'back' })}
          onFollow={onDeploy}
          refusal={flow.refusal}
          onCompared={setCompared}
          override={flow.draft.override}
          onOverride={(text) => act({ type: 'overriding', text })}
          like={flow.draft.source?.kind === 'rollback' ? flow.draft.source.deployId : like}
          filled={flow.draft.filled}
          onFilled={(name, value) => act({ type: 'filled', name, value })}
          onReviewed={({ sha, freezeIds, runningSha, comparison, pulls, checklist, basis }, inputs, queue) =>
            act({
              type: 'reviewed',
              sha,
              reviewed: { runningSha, comparison, pulls, checklist, basis },
              freezeIds: [...freezeIds],
              inputs,
              queue,
              key: newIdempotencyKey(),
            })
          }
        />
      )}
      {flow.step === 'confirm' && (
        <ConfirmStep
          surface={surface}
          flow={flow}
          act={act}
          onSubmit={submit}
          onQueue={() => act({ type: 'queueing', key: newIdempotencyKey() })}
          onFollow={onDeploy}
          ready={requestToSend(flow, surface) !== null}
        />
      )}
    </>
  )
}

const STEPS = [
  { step: 'choose', label: 'Choose' },
  { step: 'review', label: 'Review' },
  { step: 'confirm', label: 'Confirm' },
] as const

/** The current step of a new deploy. */
function FlowSteps({ step }: { readonly step: Flow['step'] }) {
  return (
    <ol aria-label="Steps" className="mt-1 flex items-center gap-1.5 text-xs text-ink-faint">
      {STEPS.map((entry, index) => (
        <li
          key={entry.step}
          aria-current={entry.step === step ? 'step' : undefined}
          className={entry.step === step ? 'font-medium text-ink' : ''}
        >
          {index > 0 && (
            <span aria-hidden="true" className="mr-1.5 font-normal text-ink-faint">
              /
            </span>
          )}
          {entry.label}
        </li>
      ))}
    </ol>
  )
}

/** 128 random bits. Not `randomUUID`, which browsers keep from pages that are neither HTTPS nor loopback. */
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
