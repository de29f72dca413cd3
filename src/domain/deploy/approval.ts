import type { QueuedView } from '~/domain/deploy/queue'
import type { DispatchAnswer } from '~/domain/deploy/request'
import { requiredReason } from '~/domain/input'

/** A decision is final. */
export const APPROVAL_STATES = ['waiting', 'granted', 'refused', 'withdrawn', 'expired'] as const
export type ApprovalState = (typeof APPROVAL_STATES)[number]

/** What ships: a ref, the commit of an earlier deploy of the surface, or the commit that another surface runs. */
export const DEPLOY_KINDS = ['deploy', 'rollback', 'promotion'] as const
export type DeployKind = (typeof DEPLOY_KINDS)[number]

/** A request for a deploy that needs, or needed, another person's approval. Times are ISO strings in UTC. */
export interface ApprovalView {
  readonly id: string
  readonly state: ApprovalState
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string }
  readonly repository: string
  readonly workflow: string
  readonly kind: DeployKind
  /** The deploy that is shipped again, or the surface whose version is promoted; null for a ref. */
  readonly sourceId: string | null
  readonly ref: string
  /** The commit that was reviewed, and would ship. */
  readonly sha: string
  /** What the surface ran at the requester's review, or `unknown`; null where the request did not say. */
  readonly expectedRunningSha: string | null
  readonly commitUrl: string
  /** What the requester filled in of the workflow's inputs. It is sent as it is. */
  readonly inputs: readonly { readonly name: string; readonly value: string }[]
  /** The lines of the checklist that the requester ticked. */
  readonly checklist: readonly string[]
  readonly reason: string | null
  /** Why freezes are overridden, if the request does that. */
  readonly overrideReason: string | null
  readonly overrideFreezeIds: readonly string[]
  readonly requestedBy: string
  /** The owner of the token `requestedBy`, because two people may use one label; null when a person asked. */
  readonly requestedByOwner: string | null
  readonly requestedAt: string
  readonly expiresAt: string
  /** Who granted, refused or withdrew the request; the console if it expired. */
  readonly decision: { readonly by: string; readonly at: string; readonly reason: string | null } | null
  /** The deploy of a granted request. */
  readonly deployId: string | null
  /** Whether the reader is the requester, and whether the reader may grant or refuse now. */
  readonly yours: boolean
  readonly decidable: boolean
}

/** The result of a request: a deploy, or a request that waits for approval or in the queue. */
export type DispatchResult =
  | ({ readonly outcome: 'deploy' } & DispatchAnswer)
  | { readonly outcome: 'approval'; readonly approval: ApprovalView }
  | { readonly outcome: 'queued'; readonly queued: QueuedView }

export const refusalReason = requiredReason
