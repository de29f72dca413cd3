import { ListOrdered } from 'lucide-react'
import { useState } from 'react'
import type { EndedRequest, QueuedSummary } from '~/domain/deploy/queue'
import type { SurfaceTile } from '~/domain/surface/tile'
import { Button } from '~/ui/primitives/button'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { EndedLine, QueuedRef } from '~/ui/queue/ended-requests'
import { queuedHeadline } from '~/ui/queue/queue-words'
import { useSeenTitle } from '~/ui/time/stopped-clock'
import { trpc } from '~/ui/trpc/client'

interface OwnRequestsStripProps {
  readonly tiles: readonly SurfaceTile[]
  readonly ended: readonly EndedRequest[]
  /** The reader's e-mail address. */
  readonly reader: string
}

interface Waiting {
  readonly tile: SurfaceTile
  readonly request: QueuedSummary
}

/**
 * What became of the reader's queued requests, and what of them waits. One line, which stays for as long as the page is open once it was shown,
 * so that the end of a request moves nothing. Of several, the first tells what a person has to know first.
 */
export function OwnRequestsStrip({ tiles, ended, reader }: OwnRequestsStripProps) {
  const seen = useSeenTitle()
  const utils = trpc.useUtils()
  const waiting = ownWaiting(tiles, reader)
  const count = ended.length + waiting.length
  const [wasShown, setWasShown] = useState(false)
  const [isOpen, setIsOpen] = useState(false)
  if (count > 0 && !wasShown) setWasShown(true)
  if (count === 0 && !wasShown) return null
  const onDismissed = () => void utils.surfaces.list.invalidate()
  const lines = [
    ...ended.map((request) => <EndedLine key={request.id} request={request} onDismissed={onDismissed} isNamed />),
    ...waiting.map(({ tile, request }) => <WaitingLine key={request.id} tile={tile} request={request} />),
  ]
  const [first, ...others] = lines
  return (
    <section
      aria-label="Your requests"
      title={seen}
      data-own-requests={count}
      className="mt-2 rounded-md border border-line bg-panel px-4 text-sm print:hidden"
    >
      <div className="flex h-11 items-center gap-2" role="status">
        {first ?? <p className="text-ink-faint">None of your requests waits in a queue</p>}
        {others.length > 0 && (
          <Button tone="bare" className="-mr-3" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? (
              'Less'
            ) : (
              <span>
                <span className="sm:hidden">+</span>
                {others.length}
                <span className="max-sm:sr-only"> more</span>
              </span>
            )}
          </Button>
        )}
      </div>
      {isOpen &&
        others.map((line) => (
          <div key={line.key} className="flex h-11 items-center border-t border-line">
            {line}
          </div>
        ))}
    </section>
  )
}

/** Those whose queue has stopped come first: a person has to decide. */
function ownWaiting(tiles: readonly SurfaceTile[], reader: string): readonly Waiting[] {
  const own = tiles.flatMap((tile) =>
    tile.queue.waiting
      .filter(({ requestedBy, requestedByOwner }) => requestedBy === reader || requestedByOwner === reader)
      .map((request) => ({ tile, request })),
  )
  const isStopped = ({ tile }: Waiting) => tile.queue.stop !== null
  return [...own.filter(isStopped), ...own.filter((one) => !isStopped(one))]
}

function WaitingLine({ tile, request }: Waiting) {
  const { stop, wait } = tile.queue
  const held = stop === null ? wait : `${stop.why} The queue has stopped.`
  return (
    <div data-waiting={request.id} className="flex min-w-0 flex-1 items-center gap-2">
      <ListOrdered aria-hidden="true" className={`size-4 shrink-0 ${stop === null ? 'text-ink-soft' : 'text-warn'}`} />
      <p className="min-w-0 flex-1 truncate" title={held ?? undefined}>
        <PageLink href={`/?queued=${request.id}`} className={`font-medium ${LINK}`}>
          {queuedHeadline({ state: 'waiting', position: request.position })}: <ForeignText text={tile.name} />{' '}
          <ForeignText text={tile.environment} />
        </PageLink>
        <span className="text-ink-soft">
          {' '}
          ·{' '}
          {held !== null && (
            <>
              <Sentence text={held} /> ·{' '}
            </>
          )}
          <QueuedRef of={request} />
        </span>
      </p>
    </div>
  )
}
