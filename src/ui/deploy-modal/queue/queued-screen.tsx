'use client'

import { Dialog } from '@base-ui/react/dialog'
import { CircleCheck, CircleX, ListOrdered, Replace, TimerOff, Undo2 } from 'lucide-react'
import { useEffect } from 'react'
import { requesterWords } from '~/domain/actor'
import type { QueuedState, QueuedView } from '~/domain/deploy/queue'
import { refLabel } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ModalBody, ModalFoot, ModalHead, OpenTheGrid } from '~/ui/deploy-modal/frame/modal-frame'
import { Button } from '~/ui/primitives/button'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { InputList } from '~/ui/primitives/input-list'
import { PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { Sha } from '~/ui/primitives/sha'
import { Skeleton } from '~/ui/primitives/skeleton'
import { TickedList } from '~/ui/primitives/ticked-list'
import { QueueList } from '~/ui/queue/queue-list'
import { aheadSentence, queuedHeadline } from '~/ui/queue/queue-words'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { useLiveState } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

interface QueuedScreenProps {
  readonly queuedId: string
  readonly tiles: readonly SurfaceTile[]
  readonly onDeploy: (deployId: string) => void
}

/** One queued request: who is ahead, and what became of it. Once its turn came, its deploy is followed. */
export function QueuedScreen({ queuedId, tiles, onDeploy }: QueuedScreenProps) {
  const answer = useQueued(queuedId)
  const { data: queued, error } = answer
  const utils = trpc.useUtils()
  const state = queued?.state
  // Refresh the tile behind the dialog at once.
  useEffect(() => {
    if (state !== undefined) void utils.surfaces.list.invalidate()
  }, [state, utils])
  const deployId = queued?.deployId ?? null
  useEffect(() => {
    if (deployId !== null) onDeploy(deployId)
  }, [deployId, onDeploy])

  if (queued === undefined) return <NoRequestYet error={error} />
  const tile = tiles.find(({ id }) => id === queued.surface.id)
  return (
    <StoppedClock of={answer} polled={queued.state === 'waiting'}>
      <div data-queued={queued.id} data-state={queued.state} className="flex min-h-0 flex-1 flex-col">
        <ModalHead surface={queued.surface.name} environment={queued.surface.environment}>
          <QueuedFacts queued={queued} />
        </ModalHead>
        <ModalBody>
          <p role="status" className="flex items-center gap-2 text-base font-semibold">
            <QueuedMark state={queued.state} />
            <span>
              {queuedHeadline(queued)}
              {queued.state === 'waiting' && (
                <span className="font-normal text-ink-faint">
                  {' '}
                  · expires <TimeAgo at={queued.expiresAt} />
                </span>
              )}
            </span>
          </p>
          <Ending queued={queued} />
          {queued.state === 'waiting' && <Waiting queued={queued} tile={tile} onDeploy={onDeploy} />}
          {queued.inputs.length > 0 && (
            <section aria-labelledby="queued-inputs">
              <h3 id="queued-inputs" className="mb-1 text-sm font-semibold">
                Inputs
              </h3>
              <InputList inputs={queued.inputs} />
            </section>
          )}
          {queued.checklist.length > 0 && (
            <section aria-labelledby="queued-checklist">
              <h3 id="queued-checklist" className="mb-1 text-sm font-semibold">
                Checklist <span className="font-normal text-ink-faint">ticked by {requesterWords(queued)}</span>
              </h3>
              <TickedList lines={queued.checklist} />
            </section>
          )}
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

function QueuedFacts({ queued }: { readonly queued: QueuedView }) {
  const { ref, sha, kind, reason, requestedAt } = queued
  return (
    <p className="mt-1 text-xs text-ink-faint">
      {kind === 'rollback' && 'From an earlier deploy: '}
      {kind === 'promotion' && 'Promotion of '}
      {ref !== sha && (
        <span className="font-medium break-all text-ink-soft">
          <ForeignText text={refLabel(ref)} /> at{' '}
        </span>
      )}
      <Sha sha={sha} /> · queued by {requesterWords(queued)} <TimeAgo at={requestedAt} />
      {reason !== null && (
        <>
          {' '}
          · “<ForeignText text={reason} whole />”
        </>
      )}
    </p>
  )
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

const MARKS = {
  waiting: { Icon: ListOrdered, tone: 'text-ink-soft' },
  deployed: { Icon: CircleCheck, tone: 'text-good' },
  refused: { Icon: CircleX, tone: 'text-bad' },
  withdrawn: { Icon: Undo2, tone: 'text-ink-faint' },
  replaced: { Icon: Replace, tone: 'text-ink-faint' },
  expired: { Icon: TimerOff, tone: 'text-ink-faint' },
} as const satisfies Record<QueuedState, unknown>

function QueuedMark({ state }: { readonly state: QueuedState }) {
  const { Icon, tone } = MARKS[state]
  return <Icon aria-hidden="true" className={`size-4 shrink-0 ${tone}`} />
}

function NoRequestYet({ error }: { readonly error: unknown }) {
  const wire = error === null ? null : readWireError(error)
  return (
    <>
      <ModalHead surface={wire?.kind === 'refused' ? 'There is no such request' : 'Queue'} environment="" />
      <ModalBody>
        {wire === null ? <Skeleton className="h-56 w-full" /> : <p className="text-ink-soft">{wire.message}</p>}
      </ModalBody>
      {wire?.kind === 'refused' && <OpenTheGrid />}
    </>
  )
}

const POLL_MS = 2_000

/** Polls one request every 2 s until it has ended. A failed poll keeps the last answer. */
function useQueued(id: string) {
  const { live } = useLiveState()
  return trpc.queue.get.useQuery(
    { id },
    {
      retry: false,
      refetchIntervalInBackground: true,
      refetchInterval: ({ state }) => {
        if (live) return false
        if (state.data !== undefined && state.data.state !== 'waiting') return false
        return state.error !== null && readWireError(state.error).kind === 'refused' ? false : POLL_MS
      },
    },
  )
}
