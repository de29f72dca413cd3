'use client'

import { Dialog } from '@base-ui/react/dialog'
import type { QueuedView } from '~/domain/deploy/queue'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ModalBody, ModalFoot, ModalHead } from '~/ui/deploy-modal/frame/modal-frame'
import { NoRequestYet, useFollowOnceDeployed, usePollWhileWaiting } from '~/ui/deploy-modal/frame/waiting-request'
import { Button } from '~/ui/primitives/button'
import { Sentence } from '~/ui/primitives/foreign-text'
import { PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { QueueList } from '~/ui/queue/queue-list'
import { aheadSentence, queuedHeadline } from '~/ui/queue/queue-words'
import { RequestedInputs, RequestFacts, RequestHeadline } from '~/ui/requests/request-facts'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface QueuedScreenProps {
  readonly queuedId: string
  readonly tiles: readonly SurfaceTile[]
  readonly onDeploy: (deployId: string) => void
}

/** One queued request: who is ahead, and what became of it. Once its turn came, its deploy is followed. */
export function QueuedScreen({ queuedId, tiles, onDeploy }: QueuedScreenProps) {
  const answer = trpc.queue.get.useQuery({ id: queuedId }, usePollWhileWaiting())
  const { data: queued, error } = answer
  useFollowOnceDeployed(queued, onDeploy)

  if (queued === undefined) return <NoRequestYet error={error} title="Queue" noun="request" />
  const tile = tiles.find(({ id }) => id === queued.surface.id)
  return (
    <StoppedClock of={answer} polled={queued.state === 'waiting'}>
      <div data-queued={queued.id} data-state={queued.state} className="flex min-h-0 flex-1 flex-col">
        <ModalHead surface={queued.surface.name} environment={queued.surface.environment}>
          <RequestFacts request={queued} verb="queued" />
        </ModalHead>
        <ModalBody>
          <RequestHeadline
            state={queued.state === 'waiting' ? 'queued' : queued.state}
            text={queuedHeadline(queued)}
            expiresAt={queued.state === 'waiting' ? queued.expiresAt : null}
          />
          <Ending queued={queued} />
          {queued.state === 'waiting' && <Waiting queued={queued} tile={tile} onDeploy={onDeploy} />}
          <RequestedInputs request={queued} />
        </ModalBody>
        <QueuedFoot queued={queued} />
      </div>
    </StoppedClock>
  )
}

interface WaitingProps {
  readonly queued: QueuedView
  readonly tile: SurfaceTile | undefined
  readonly onDeploy: (deployId: string) => void
}

function Waiting({ queued, tile, onDeploy }: WaitingProps) {
  const { deployAhead, surface } = queued
  return (
    <>
      <Notice
        tone="plain"
        action={
          deployAhead === null ? undefined : (
            <Button onClick={() => onDeploy(deployAhead.id)}>Follow the deploy ahead</Button>
          )
        }
      >
        {aheadSentence(queued)} When the turn of this request comes, its commit is deployed if nothing speaks against it
        then: freezes, locks, rights, the ref and the declaration are checked again.
      </Notice>
      <QueueList queue={tile?.queue ?? null} surface={surface} current={queued.id} />
    </>
  )
}

/** Why the request ended without a deploy. */
function Ending({ queued }: { readonly queued: QueuedView }) {
  const { state, end, replacedById } = queued
  if (state === 'refused' && end !== null && end.reason !== null) {
    return (
      <Notice tone="bad">
        <Sentence text={end.reason} />
      </Notice>
    )
  }
  if (state === 'replaced' && replacedById !== null) {
    return (
      <p className="text-ink-soft">
        A newer request of the same ref waits instead. Nothing of this one is deployed.{' '}
        <PageLink
          href={`/?queued=${replacedById}`}
          className="underline decoration-line underline-offset-[3px] hover:decoration-current"
        >
          Open the newer request
        </PageLink>
      </p>
    )
  }
  if (state !== 'expired' && state !== 'withdrawn') return null
  return <p className="text-ink-soft">Nothing was deployed.</p>
}

function QueuedFoot({ queued }: { readonly queued: QueuedView }) {
  const utils = trpc.useUtils()
  const withdraw = trpc.queue.withdraw.useMutation({
    onSettled: () => {
      void utils.queue.invalidate()
      void utils.surfaces.list.invalidate()
    },
  })
  return (
    <>
      {withdraw.error !== null && (
        <p role="alert" className="border-t border-line px-5 pt-3 text-sm text-bad">
          {readWireError(withdraw.error).message}
        </p>
      )}
      <ModalFoot
        left={
          queued.withdrawable ? (
            <Button disabled={withdraw.isPending} onClick={() => withdraw.mutate({ id: queued.id })}>
              {withdraw.isPending ? 'Withdrawing…' : 'Withdraw'}
            </Button>
          ) : (
            queued.state === 'waiting' && 'Its requester or an approver can withdraw it.'
          )
        }
      >
        {queued.state === 'waiting' && (
          <span className="text-sm text-ink-faint max-sm:hidden">Closing this keeps it in the queue.</span>
        )}
        <Dialog.Close render={<Button />}>Close</Dialog.Close>
      </ModalFoot>
    </>
  )
}
