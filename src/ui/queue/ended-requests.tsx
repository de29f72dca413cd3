'use client'

import { X } from 'lucide-react'
import type { EndedRequest, QueuedView } from '~/domain/deploy/queue'
import { kindWords } from '~/domain/deploy/source'
import { inSentence } from '~/domain/foreign-text'
import { refLabel } from '~/domain/ref'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { Sha } from '~/ui/primitives/sha'
import { endedSentence, queuedHeadline } from '~/ui/queue/queue-words'
import { RequestMark } from '~/ui/requests/request-facts'
import { useRefusal } from '~/ui/shell/member'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** The ref and commit of a queued request, or where a promotion comes from. */
export function QueuedRef({ of }: { readonly of: Pick<EndedRequest, 'kind' | 'sourceId' | 'ref' | 'sha'> }) {
  const kind = kindWords(of)
  return (
    <>
      {kind !== null && (
        <>
          <Sentence text={kind} />:{' '}
        </>
      )}
      {of.ref !== of.sha && (
        <>
          <ForeignText text={refLabel(of.ref)} /> at{' '}
        </>
      )}
      <Sha sha={of.sha} />
    </>
  )
}

interface EndedLineProps {
  readonly request: EndedRequest
  readonly onDismissed: () => void
  /** Whether the line names the surface. */
  readonly isNamed: boolean
}

/** How a request of the reader ended without a deploy, in one line, and what to do next. */
export function EndedLine({ request, onDismissed, isNamed }: EndedLineProps) {
  const { id, surface, state, end } = request
  const dismiss = trpc.queue.dismiss.useMutation({ onSettled: onDismissed })
  const said = endedSentence(request)
  return (
    <div data-ended={id} className="flex min-w-0 flex-1 items-center gap-2">
      <RequestMark state={state} />
      <p className="min-w-0 flex-1 truncate" title={said}>
        {dismiss.error === null ? (
          <>
            <PageLink href={`/?queued=${id}`} className={`font-medium ${LINK}`}>
              {queuedHeadline(request)}
              {isNamed && (
                <>
                  : <ForeignText text={surface.name} /> <ForeignText text={surface.environment} />
                </>
              )}
            </PageLink>{' '}
            <span className="text-ink-soft">
              <TimeAgo at={end.at} /> · <QueuedRef of={request} /> · <Sentence text={said} />
            </span>
          </>
        ) : (
          <span role="alert" className="text-bad">
            {readWireError(dismiss.error).message}
          </span>
        )}
      </p>
      <AskAgain request={request} />
      <button
        type="button"
        className="-mr-2 inline-flex size-8 shrink-0 items-center justify-center rounded-[5px] text-ink-soft hover:bg-well hover:text-ink disabled:text-ink-faint"
        title="Dismiss"
        aria-label={`Dismiss what became of the request for ${inSentence(surface.name)}`}
        disabled={dismiss.isPending}
        onClick={() => dismiss.mutate({ id })}
      >
        <X aria-hidden="true" className="size-4" />
      </button>
    </div>
  )
}

/** Opens the review of the same ref, or of the same promotion. A replaced request has its newer one instead. */
function AskAgain({ request }: { readonly request: EndedRequest }) {
  const refusal = useRefusal('deploy.dispatch', request.surface.environment)
  const { replacedById } = request
  if (replacedById !== null) {
    return (
      <PageLink href={`/?queued=${replacedById}`} className={`shrink-0 ${LINK}`}>
        <span className="max-sm:sr-only">Open the </span>newer<span className="max-sm:sr-only"> request</span>
      </PageLink>
    )
  }
  if (refusal !== null) return null
  return (
    <PageLink href={askAgainAddress(request)} className={`shrink-0 font-medium ${LINK}`}>
      Ask again<span className="sr-only"> for {inSentence(request.surface.name)}</span>
    </PageLink>
  )
}

/** Where the review of the same ref begins. */
export const askAgainAddress = ({
  surface,
  kind,
  sourceId,
  ref,
}: Pick<EndedRequest, 'surface' | 'kind' | 'sourceId' | 'ref'>) => ({
  pathname: '/',
  query: { surface: surface.id, ref, ...(kind === 'promotion' && sourceId !== null ? { promote: sourceId } : {}) },
})

interface Own {
  readonly waiting: readonly QueuedView[]
  readonly ended: readonly QueuedView[]
}

/** On the page of a surface: the reader's requests that ended without a deploy, and those that wait. */
export function OwnRequests({ own }: { readonly own: Own | undefined }) {
  const utils = trpc.useUtils()
  const { waiting, ended } = own ?? { waiting: [], ended: [] }
  if (waiting.length === 0 && ended.length === 0) return null
  return (
    <section
      aria-label="Your requests"
      className="mb-4 flex flex-col divide-y divide-line rounded-md border border-line bg-panel px-4 text-sm print:hidden"
    >
      {ended.map(
        ({ end, ...request }) =>
          end !== null && (
            <div key={request.id} className="flex min-h-11 items-center">
              <EndedLine
                isNamed={false}
                request={{ ...request, end }}
                onDismissed={() => void utils.queue.invalidate()}
              />
            </div>
          ),
      )}
      {waiting.map((request) => (
        <p key={request.id} className="flex min-h-11 items-center gap-2">
          <RequestMark state="queued" />
          <span className="min-w-0 flex-1 truncate">
            <PageLink href={`/?queued=${request.id}`} className={`font-medium ${LINK}`}>
              {queuedHeadline(request)}
            </PageLink>{' '}
            <span className="text-ink-soft">
              · <QueuedRef of={request} /> · <Sentence text={request.stop?.why ?? request.wait ?? ''} />
              {request.stop !== null && ' The queue has stopped.'}
            </span>
          </span>
        </p>
      ))}
    </section>
  )
}
