'use client'

import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import type { ApprovalView } from '~/domain/deploy/approval'
import { inSentence } from '~/domain/foreign-text'
import { shortSha } from '~/domain/ref'
import { ModalFoot, useFocusOnArrival, useTypedInput } from '~/ui/deploy-modal/frame/modal-frame'
import { Button } from '~/ui/primitives/button'
import { INPUT } from '~/ui/primitives/field'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface ApprovalFootProps {
  readonly approval: ApprovalView
  /** Whether a known obstacle exists, or the review has not been shown yet. */
  readonly blocked: boolean
  /** Why the last poll failed. */
  readonly lost: string | null
}

/** Approve and refuse for an approver, withdraw for the requester, close for everyone else. */
export function ApprovalFoot({ approval, blocked, lost }: ApprovalFootProps) {
  const [refusing, setRefusing] = useState(false)
  const utils = trpc.useUtils()
  const onSettled = () => {
    setRefusing(false)
    void utils.approvals.invalidate()
    void utils.surfaces.list.invalidate()
  }
  const grant = trpc.approvals.grant.useMutation({ onSettled })
  const refuse = trpc.approvals.refuse.useMutation({ onSettled })
  const withdraw = trpc.approvals.withdraw.useMutation({ onSettled })
  const { id, state, yours, decidable, surface, sha } = approval
  const pending = grant.isPending || refuse.isPending || withdraw.isPending
  const failure = grant.error ?? refuse.error ?? withdraw.error
  const message = failure === null ? lost : readWireError(failure).message

  if (refusing) {
    return (
      <RefuseForm
        pending={refuse.isPending}
        onRefuse={(reason) => refuse.mutate({ id, reason })}
        onKeep={() => setRefusing(false)}
      />
    )
  }
  return (
    <>
      {message !== null && (
        <p role="alert" className="border-t border-line px-5 pt-3 text-sm text-bad">
          {message}
        </p>
      )}
      <ModalFoot
        left={
          yours && state === 'waiting' ? (
            <Button disabled={pending} onClick={() => withdraw.mutate({ id })}>
              {withdraw.isPending ? 'Withdrawing…' : 'Withdraw'}
            </Button>
          ) : (
            decidable && <span className="max-sm:hidden">The console checks everything again when you approve.</span>
          )
        }
      >
        {decidable ? (
          <>
            <Button disabled={pending} onClick={() => setRefusing(true)}>
              Refuse
            </Button>
            <Button tone="strong" disabled={pending || blocked} onClick={() => grant.mutate({ id })}>
              {grant.isPending ? 'Dispatching…' : `Approve ${shortSha(sha)} for ${inSentence(surface.name)}`}
            </Button>
          </>
        ) : (
          <Dialog.Close render={<Button />}>Close</Dialog.Close>
        )}
      </ModalFoot>
    </>
  )
}

interface RefuseFormProps {
  readonly pending: boolean
  readonly onRefuse: (reason: string) => void
  readonly onKeep: () => void
}

/** Replaces the buttons: a refusal needs a reason. */
export function RefuseForm({ pending, onRefuse, onKeep }: RefuseFormProps) {
  const [reason, setReason] = useState('')
  const field = useFocusOnArrival<HTMLInputElement>()
  const why = reason.trim()
  useTypedInput(why !== '')
  return (
    <form
      className="flex shrink-0 flex-wrap items-end gap-2 border-t border-line px-5 py-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (why !== '') onRefuse(why)
      }}
    >
      <div className="min-w-full flex-1 sm:min-w-48">
        <label htmlFor="refuse-reason" className="mb-1 block text-sm font-medium">
          Reason <span className="font-normal text-ink-faint">kept with the request</span>
        </label>
        <input
          id="refuse-reason"
          ref={field}
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
          autoComplete="off"
          className={`h-8 ${INPUT}`}
        />
      </div>
      <Button onClick={onKeep} disabled={pending} className="ml-auto">
        Back
      </Button>
      <Button type="submit" tone="danger" disabled={pending || why === ''}>
        {pending ? 'Refusing…' : 'Refuse'}
      </Button>
    </form>
  )
}
