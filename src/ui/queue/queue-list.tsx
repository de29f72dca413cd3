'use client'

import { ListOrdered } from 'lucide-react'
import { requesterWords } from '~/domain/actor'
import { HOW_A_STOP_ENDS, HOW_A_WAIT_ENDS, type SurfaceQueue } from '~/domain/deploy/queue'
import { Button } from '~/ui/primitives/button'
import { Sentence } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { QueuedRef } from '~/ui/queue/ended-requests'
import { useRefusal } from '~/ui/shell/member'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface QueueListProps {
  readonly queue: SurfaceQueue | null
  readonly surface: { readonly id: string; readonly environment: string }
  /** The request that the screen is about; null for a screen about a deploy. */
  readonly current?: string
}

/** What waits behind a deploy, in order, and the decision to go on after one that did not end well. */
export function QueueList({ queue, surface, current }: QueueListProps) {
  if (queue === null || queue.waiting.length === 0) return null
  return (
    <section aria-label="Queue" data-queue={queue.waiting.length} className="flex flex-col gap-2">
      <HeldQueue queue={queue} surface={surface} />
      <h3 className="flex items-center gap-1.5 text-sm font-semibold">
        <ListOrdered aria-hidden="true" className="size-4 text-ink-faint" />
        Queue{' '}
        <span className="font-normal text-ink-faint max-sm:sr-only">in this order, each checked again at its turn</span>
      </h3>
      <ol className="divide-y divide-line rounded-[5px] border border-line text-sm">
        {queue.waiting.map(({ id, position, ref, sha, expiresAt, kind, sourceId, ...requester }) => (
          <li key={id} className="flex items-baseline gap-2 px-3 py-1.5">
            <span className="w-4 shrink-0 text-ink-faint tabular-nums">{position}</span>
            <span className="min-w-0 flex-1 break-words">
              <QueuedRef of={{ kind, sourceId, ref, sha }} />{' '}
              <span className="text-ink-soft">· {requesterWords(requester)}</span>{' '}
              <span className="text-xs text-ink-faint">
                · expires <TimeAgo at={expiresAt} />
              </span>
            </span>
            {id === current ? (
              <span className="shrink-0 text-xs font-medium text-ink-soft">This request</span>
            ) : (
              <PageLink href={`/?queued=${id}`} className={`shrink-0 text-xs text-ink-soft ${LINK}`}>
                Open
                <span className="sr-only"> request number {position} in the queue</span>
              </PageLink>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}

/** Why nothing more starts now, and the button that lets the queue go on. */
function HeldQueue({
  queue: { stop, wait, continueAfter },
  surface,
}: {
  readonly queue: SurfaceQueue
  readonly surface: QueueListProps['surface']
}) {
  const refusal = useRefusal('deploy.dispatch', surface.environment)
  const utils = trpc.useUtils()
  const go = trpc.queue.continue.useMutation({
    onSettled: () => {
      void utils.queue.invalidate()
      void utils.deploys.get.invalidate()
      void utils.surfaces.list.invalidate()
    },
  })
  if (stop === null && wait === null) return null
  return (
    <>
      <Notice
        tone={stop === null ? 'plain' : 'warn'}
        role="status"
        action={
          continueAfter === null ? undefined : (
            <Button
              onClick={() => go.mutate({ surfaceId: surface.id, deployId: continueAfter })}
              disabled={refusal !== null || go.isPending}
              title={refusal ?? undefined}
            >
              {go.isPending ? 'Continuing…' : 'Continue with the queue'}
            </Button>
          )
        }
      >
        {stop === null ? (
          <>
            <Sentence text={wait ?? ''} /> {continueAfter !== null && HOW_A_WAIT_ENDS}
          </>
        ) : (
          <>
            {stop.why} <span className="font-medium">The queue has stopped.</span> {HOW_A_STOP_ENDS}
          </>
        )}
      </Notice>
      {go.error !== null && (
        <p role="alert" className="text-sm text-bad">
          {readWireError(go.error).message}
        </p>
      )}
    </>
  )
}
