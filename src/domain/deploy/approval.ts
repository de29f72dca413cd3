import type { DispatchAnswer } from '~/domain/deploy/request'
import { requiredReason } from '~/domain/input'

/** A decided one stays as it is. */
export const APPROVAL_STATES = ['waiting', 'granted', 'refused', 'withdrawn', 'expired'] as const
export type ApprovalState = (typeof APPROVAL_STATES)[number]

/** What ships: a ref, an earlier deploy of the same surface once more, or what another surface runs. */
export const DEPLOY_KINDS = ['deploy', 'rollback', 'promotion'] as const
export type DeployKind = (typeof DEPLOY_KINDS)[number]

/** A deploy that waits, or waited, for another person's word. Times are ISO strings in UTC. */
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
  readonly reason: string | null
  /** Why freezes are overridden, where that is part of what is asked for. */
  readonly overrideReason: string | null
  readonly overrideFreezeIds: readonly string[]
  readonly requestedBy: string
  /** Whose token `requestedBy` is, two people may use one label; null when a person asked. */
  readonly requestedByOwner: string | null
  readonly requestedAt: string
  readonly expiresAt: string
  /** Who granted, refused or withdrew it; for one that expired, the console. */
  readonly decision: { readonly by: string; readonly at: string; readonly reason: string | null } | null
  /** What became of a granted one. */
  readonly deployId: string | null
  /** Whether whoever looks asked for it, and whether they may grant or refuse it now. */
  readonly yours: boolean
  readonly decidable: boolean
}

/** What asking for a deploy leads to: the deploy, or, where the surface asks for a second person, an approval that waits. */
export type DispatchResult =
  | ({ readonly outcome: 'deploy' } & DispatchAnswer)
  | { readonly outcome: 'approval'; readonly approval: ApprovalView }

export const refusalReason = requiredReason
