'use client'

import { requesterWords } from '~/domain/actor'
import type { ApprovalView } from '~/domain/deploy/approval'
import type { DeploySource } from '~/domain/deploy/request'
import type { Review } from '~/domain/surface/review'
import type { SurfaceTile } from '~/domain/surface/tile'
import { headline, standsInTheWay } from '~/ui/approvals/approval-words'
import { ApprovalFoot } from '~/ui/deploy-modal/approval/approval-foot'
import { ModalBody, ModalHead } from '~/ui/deploy-modal/frame/modal-frame'
import { NoRequestYet, useFollowOnceDeployed, usePollWhileWaiting } from '~/ui/deploy-modal/frame/waiting-request'
import { Changes, CommitList } from '~/ui/deploy-modal/review/changes'
import { ReviewWarnings, SaidAt } from '~/ui/deploy-modal/review/review-warnings'
import { Button } from '~/ui/primitives/button'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { Sha } from '~/ui/primitives/sha'
import { Skeleton } from '~/ui/primitives/skeleton'
import { RequestedInputs, RequestFacts, RequestHeadline } from '~/ui/requests/request-facts'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** How often the review of a waiting approval is refreshed. Each time costs two requests to GitHub. */
const REVIEW_MS = 20_000

interface ApprovalScreenProps {
  readonly approvalId: string
  readonly tiles: readonly SurfaceTile[]
  readonly onDeploy: (deployId: string) => void
}

/** One approval request: the requester sees its state, the approver sees what would ship. */
export function ApprovalScreen({ approvalId, tiles, onDeploy }: ApprovalScreenProps) {
  const answer = trpc.approvals.get.useQuery({ id: approvalId }, usePollWhileWaiting())
  const { data: approval, error } = answer
  useFollowOnceDeployed(approval, onDeploy)

  if (approval === undefined) return <NoRequestYet error={error} title="Approval" noun="approval" />
  return (
    <StoppedClock of={answer} polled={approval.state === 'waiting'}>
      <div data-approval={approval.id} data-state={approval.state} className="flex min-h-0 flex-1 flex-col">
        <Waiting
          approval={approval}
          tile={tiles.find(({ id }) => id === approval.surface.id)}
          lost={error}
          onFollow={onDeploy}
        />
      </div>
    </StoppedClock>
  )
}

interface WaitingProps {
  readonly approval: ApprovalView
  readonly tile: SurfaceTile | undefined
  readonly lost: unknown
  readonly onFollow: (deployId: string) => void
}

function Waiting({ approval, tile, lost, onFollow }: WaitingProps) {
  const waits = approval.state === 'waiting'
  const review = trpc.surfaces.review.useQuery(
    {
      surfaceId: approval.surface.id,
      ref: approval.ref,
      approvalId: approval.id,
      ...sourceOf(approval),
    },
    { enabled: waits, refetchInterval: waits ? REVIEW_MS : false, staleTime: 0, gcTime: 0 },
  )
  const obstacle = review.data === undefined ? null : standsInTheWay(approval, review.data)
  return (
    <>
      <ModalHead surface={approval.surface.name} environment={approval.surface.environment}>
        <RequestFacts request={approval} verb="requested" commitUrl={approval.commitUrl} />
      </ModalHead>
      <ModalBody>
        <RequestHeadline
          state={approval.state}
          text={headline(approval)}
          expiresAt={waits ? approval.expiresAt : null}
        />
        {approval.decision !== null && approval.decision.reason !== null && (
          <p className="text-ink-soft">
            “<ForeignText text={approval.decision.reason} whole />”
          </p>
        )}
        {approval.overrideReason !== null && (
          <Notice tone="warn">
            <span className="font-medium">Overrides the freeze:</span> “
            <ForeignText text={approval.overrideReason} whole />” ({requesterWords(approval)})
          </Notice>
        )}
        <RequestedInputs request={approval} />
        {waits && obstacle !== null && (
          <Notice tone="bad">
            <span className="font-medium">Cannot be approved now. </span>
            <Sentence text={obstacle} />
          </Notice>
        )}
        {waits && review.isPending && <Skeleton className="h-40 w-full" />}
        {waits && review.isError && (
          <Notice tone="warn" role="status" action={<Button onClick={() => void review.refetch()}>Try again</Button>}>
            {readWireError(review.error).message}
          </Notice>
        )}
        {waits && review.data !== undefined && <ReviewedFacts review={review.data} tile={tile} onFollow={onFollow} />}
        {waits && review.data !== undefined && (
          <p className="text-xs text-ink-faint">
            <SaidAt at={review.dataUpdatedAt} />
          </p>
        )}
      </ModalBody>
      <ApprovalFoot
        approval={approval}
        blocked={review.data === undefined || obstacle !== null}
        lost={lost === null ? null : readWireError(lost).message}
      />
    </>
  )
}

/** The review uses the source that was requested. */
function sourceOf({ kind, sourceId }: ApprovalView): { source?: DeploySource } {
  if (sourceId === null || kind === 'deploy') return {}
  return { source: kind === 'rollback' ? { kind, deployId: sourceId } : { kind, surfaceId: sourceId } }
}

interface ReviewedFactsProps {
  readonly review: Review
  readonly tile: SurfaceTile | undefined
  /** Opens the deploy that holds the surface. */
  readonly onFollow: (deployId: string) => void
}

/** What would ship now: the commit, the holds and freezes, and the changes. */
export function ReviewedFacts({ review, tile, onFollow }: ReviewedFactsProps) {
  const held = review.freezeIds.length > 0 || review.warnings.some(({ kind }) => kind.startsWith('deploy_freeze'))
  return (
    <>
      <ReviewWarnings warnings={review.warnings} onFollow={onFollow} />
      {!held && <p className="text-sm text-ink-soft">Neither frozen nor locked.</p>}
      <section aria-labelledby="the-commit">
        <h3 id="the-commit" className="mb-1 text-sm font-semibold">
          The commit
        </h3>
        {review.head === null ? <Sha sha={review.sha} /> : <CommitList commits={[review.head]} />}
      </section>
      {tile !== undefined && <Changes review={review} surface={tile} />}
    </>
  )
}
