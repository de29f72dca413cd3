import type { DeployKind } from '~/domain/deploy/approval'
import { isTerminal } from '~/domain/deploy/status'

/** All but the first are final. */
export const QUEUED_STATES = ['waiting', 'deployed', 'refused', 'withdrawn', 'replaced', 'expired'] as const
export type QueuedState = (typeof QUEUED_STATES)[number]

/** How long a request waits. The proof of identity that came with it is not older than this at its turn (docs/adr/063). */
export const QUEUE_MINUTES = 60

/** How many requests of one surface wait at most. */
export const QUEUE_LENGTH = 20

/** One request that waits. Times are ISO strings in UTC. */
export interface QueuedSummary {
  readonly id: string
  /** 1 is next. */
  readonly position: number
  readonly kind: DeployKind
  readonly ref: string
  readonly sha: string
  readonly requestedBy: string
  /** The owner of the token `requestedBy`; null when a person asked. */
  readonly requestedByOwner: string | null
  readonly requestedAt: string
  readonly expiresAt: string
}

/** What waits at a surface, in the order of the requests. */
export interface SurfaceQueue {
  readonly waiting: readonly QueuedSummary[]
  /** Why nothing is taken although the surface is free, or will be; null while the queue goes on by itself. */
  readonly stop: QueueStop | null
}

export interface QueueStop {
  /** The deploy after which the queue stopped. */
  readonly deployId: string
  /** A sentence. */
  readonly why: string
}

export const NO_QUEUE: SurfaceQueue = { waiting: [], stop: null }

/** One request, as its page and REST show it. */
export interface QueuedView extends Omit<QueuedSummary, 'position'> {
  readonly state: QueuedState
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string }
  readonly sourceId: string | null
  readonly reason: string | null
  readonly inputs: readonly { readonly name: string; readonly value: string }[]
  readonly checklist: readonly string[]
  /** 1 is next; null if it does not wait any more. */
  readonly position: number | null
  /** The deploy that has the surface; null if there is none, or if the request does not wait any more. */
  readonly deployAhead: { readonly id: string; readonly requestedBy: string; readonly ref: string } | null
  /** The requests that wait before this one. */
  readonly ahead: readonly QueuedSummary[]
  readonly stop: QueueStop | null
  /** How it ended: who or what ended it, when, and why it was refused. */
  readonly end: { readonly by: string; readonly at: string; readonly reason: string | null } | null
  /** The newer request of the same ref. */
  readonly replacedById: string | null
  readonly deployId: string | null
  readonly yours: boolean
  /** Whether the reader may take it out of the queue. */
  readonly withdrawable: boolean
}

/** The newest deploy of a surface, as far as the queue depends on it. */
export interface DeployAhead {
  readonly id: string
  readonly status: string
  readonly holdsSurface: boolean
  /** A run was seen after its end. */
  readonly hasLateRun: boolean
  /** Somebody released the surface from it. */
  readonly isReleased: boolean
  /** Somebody continued the queue in spite of it. */
  readonly isContinued: boolean
}

/**
 * Why the queue stops after an ended deploy and asks; null if it goes on. Only a deploy that succeeded, and never held its surface, lets the next
 * one follow without a person's decision.
 */
export function stopAfter(deploy: DeployAhead): QueueStop | null {
  const { id: deployId, status, holdsSurface, hasLateRun, isReleased, isContinued } = deploy
  if (!isTerminal(status)) return null
  if (holdsSurface) return { deployId, why: 'The deploy ahead has ended and still holds the surface.' }
  if (isContinued) return null
  if (status === 'succeeded' && !hasLateRun && !isReleased) return null
  const why =
    status === 'failed'
      ? 'The deploy ahead failed.'
      : status === 'timed_out'
        ? 'The deploy ahead timed out.'
        : status === 'cancelled'
          ? 'The deploy ahead was cancelled.'
          : 'The deploy ahead held the surface after its end.'
  return { deployId, why }
}
