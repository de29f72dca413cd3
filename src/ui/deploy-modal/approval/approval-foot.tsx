'use client'

import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import type { ApprovalView } from '~/domain/deploy/approval'
import { inSentence } from '~/domain/foreign-text'
import { RefuseForm } from '~/ui/deploy-modal/approval/refuse-form'
import { ModalFoot } from '~/ui/deploy-modal/frame/modal-frame'
import { Button } from '~/ui/primitives/button'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface ApprovalFootProps {
  readonly approval: ApprovalView
  /** Something is known to stand in its way, or what would ship has not been shown yet. */
  readonly blocked: boolean
  /** Why the last poll failed. */
  readonly lost: string | null
}

/** Approve or refuse for another person, withdraw for who asked; for everybody else, and afterwards, the way out. */
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
            decidable && <span className="max-sm:hidden">The facts are checked again when you approve.</span>
          )
        }
      >
        {decidable ? (
          <>
            <Button disabled={pending} onClick={() => setRefusing(true)}>
              Refuse
            </Button>
            <Button tone="strong" disabled={pending || blocked} onClick={() => grant.mutate({ id })}>
              {grant.isPending ? 'Dispatching…' : `Approve ${sha.slice(0, 7)} for ${inSentence(surface.name)}`}
            </Button>
          </>
        ) : (
          <Dialog.Close render={<Button />}>Close</Dialog.Close>
        )}
      </ModalFoot>
    </>
  )
}
