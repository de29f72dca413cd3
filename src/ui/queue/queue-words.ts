import { type EndedRequest, QUEUE_MINUTES, type QueuedView } from '~/domain/deploy/queue'
import { inSentence } from '~/domain/foreign-text'
import { refLabel } from '~/domain/ref'

/** The state in a few words: on a phone, the name of the surface has to fit beside it. */
export function queuedHeadline({
  state,
  position = null,
}: Pick<QueuedView, 'state'> & { readonly position?: number | null }): string {
  switch (state) {
    case 'waiting':
      return position === null
        ? 'In the queue'
        : position === 1
          ? 'Next in the queue'
          : `Number ${position} in the queue`
    case 'deployed':
      return 'Its turn came'
    case 'refused':
      return 'Refused'
    case 'withdrawn':
      return 'Withdrawn'
    case 'replaced':
      return 'Replaced'
    case 'expired':
      return 'Expired'
  }
}

/** What happened to a request that ended without a deploy, what was not done, and what to do. */
export function endedSentence({ state, end, sourceId }: Pick<EndedRequest, 'state' | 'end' | 'sourceId'>): string {
  const again =
    sourceId === null ? 'Ask again with the same ref if it is still wanted.' : 'Ask again if it is still wanted.'
  switch (state) {
    case 'refused':
      // The reason has all three parts.
      return end.reason ?? `Nothing was deployed. ${again}`
    case 'withdrawn':
      return `${inSentence(end.by)} took it out of the queue. Nothing was deployed. ${again}`
    case 'replaced':
      return 'Your newer request of the same ref took its place. Nothing of this one was deployed.'
    case 'expired':
    case 'waiting':
      return `Its turn did not come within ${QUEUE_MINUTES} minutes. Nothing was deployed. ${again}`
    case 'deployed':
      return ''
  }
}

/** Who has the surface and who waits before this request. */
export function aheadSentence({ deployAhead, ahead }: Pick<QueuedView, 'deployAhead' | 'ahead'>): string {
  const deploy =
    deployAhead === null
      ? null
      : `${inSentence(deployAhead.requestedBy)} is deploying ${inSentence(refLabel(deployAhead.ref))}`
  const waiting =
    ahead.length === 0
      ? null
      : `${ahead.length} ${ahead.length === 1 ? 'request waits' : 'requests wait'} before this one`
  if (deploy === null && waiting === null) return 'Nothing is ahead of this request.'
  return `${[deploy, waiting].filter((part) => part !== null).join(', and ')}.`
}
