import type { QueuedView } from '~/domain/deploy/queue'
import { inSentence } from '~/domain/foreign-text'
import { refLabel } from '~/domain/ref'

/** The state in one sentence. */
export function queuedHeadline({ state, position, end }: Pick<QueuedView, 'state' | 'position' | 'end'>): string {
  const by = end === null ? '' : inSentence(end.by)
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
      return 'Refused at its turn'
    case 'withdrawn':
      return `Withdrawn by ${by}`
    case 'replaced':
      return `Replaced by a newer request of ${by}`
    case 'expired':
      return 'Expired before its turn'
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
