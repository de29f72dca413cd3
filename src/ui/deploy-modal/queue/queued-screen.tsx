'use client'

import { Dialog } from '@base-ui/react/dialog'
import type { QueuedView } from '~/domain/deploy/queue'
import type { DeploySource } from '~/domain/deploy/request'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ModalBody, ModalFoot, ModalHead } from '~/ui/deploy-modal/frame/modal-frame'
import { NoRequestYet, useFollowOnceDeployed, usePollWhileWaiting } from '~/ui/deploy-modal/frame/waiting-request'
import { Button } from '~/ui/primitives/button'
import { Sentence } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { QueueList } from '~/ui/queue/queue-list'
import { aheadSentence, endedSentence, queuedHeadline } from '~/ui/queue/queue-words'
import { RequestedInputs, RequestFacts, RequestHeadline } from '~/ui/requests/request-facts'
import { useRefusal } from '~/ui/shell/member'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface QueuedScreenProps {
  readonly queuedId: string
  readonly tiles: readonly SurfaceTile[]
  readonly onDeploy: (deployId: string) => void
  /** Opens the review of the same ref. */
  readonly onAgain: (again: {
    readonly surfaceId: string
    readonly ref: string
    readonly source?: DeploySource
  }) => void
}

/** One queued request: who is ahead, and what became of it. Once its turn came, its deploy is followed. */
export function QueuedScreen({ queuedId, tiles, onDeploy, onAgain }: QueuedScreenProps) {
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
        <QueuedFoot queued={queued} onAgain={onAgain} />
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
      {queued.replacesId !== null && (
        <p className="text-ink-soft">
          This request took the place of an older one of the same person and ref. Nothing of that one is deployed.{' '}
          <PageLink href={`/?queued=${queued.replacesId}`} className={LINK}>
            Open the older request
          </PageLink>
        </p>
      )}
      <QueueList queue={tile?.queue ?? null} surface={surface} current={queued.id} />
    </>
  )
}

/** Why the request ended without a deploy. */
function Ending({ queued }: { readonly queued: QueuedView }) {
  const { state, end, replacedById } = queued
  if (end === null || state === 'deployed') return null
  const said = <Sentence text={endedSentence({ ...queued, end })} />
  if (state === 'refused') return <Notice tone="bad">{said}</Notice>
  if (state === 'replaced' && replacedById !== null) {
    return (
      <p className="text-ink-soft">
        {said}{' '}
        <PageLink href={`/?queued=${replacedById}`} className={LINK}>
          Open the newer request
        </PageLink>
      </p>
    )
  }
  return <p className="text-ink-soft">{said}</p>
}

function QueuedFoot({ queued, onAgain }: Pick<QueuedScreenProps, 'onAgain'> & { readonly queued: QueuedView }) {
  const refusal = useRefusal('deploy.dispatch', queued.surface.environment)
  const mayAskAgain = refusal === null && ['refused', 'withdrawn', 'expired'].includes(queued.state)
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
        {mayAskAgain && (
          <Button
            tone="strong"
            onClick={() =>
              onAgain({
                surfaceId: queued.surface.id,
                ref: queued.ref,
                ...(queued.kind === 'promotion' && queued.sourceId !== null
                  ? { source: { kind: 'promotion', surfaceId: queued.sourceId } }
                  : {}),
              })
            }
          >
            Ask again
          </Button>
        )}
        <Dialog.Close render={<Button />}>Close</Dialog.Close>
      </ModalFoot>
    </>
  )
}
