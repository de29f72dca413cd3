'use client'

import type { ReactNode } from 'react'
import type { Review, SurfaceTile } from '~/domain/surface'
import { Changes } from '~/ui/deploy-modal/changes'
import { ModalBody, ModalFoot } from '~/ui/deploy-modal/modal-frame'
import { OverrideFreeze } from '~/ui/deploy-modal/override-freeze'
import { ReviewWarnings } from '~/ui/deploy-modal/review-warnings'
import { useFocusOnArrival } from '~/ui/deploy-modal/use-focus-on-arrival'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'
import { Skeleton } from '~/ui/primitives/skeleton'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface ReviewStepProps {
  readonly surface: SurfaceTile
  readonly refName: string
  readonly onBack: () => void
  /** To the deploy that holds the surface. */
  readonly onFollow: (deployId: string) => void
  /** Why a freeze is overridden; empty while it is not. */
  readonly override: string
  readonly onOverride: (reason: string) => void
  readonly onReviewed: (review: Review) => void
}

/** Step 2: what would change, as GitHub sees it now. Asked again each time the step is entered. */
export function ReviewStep({ surface, refName, onBack, onFollow, override, onOverride, onReviewed }: ReviewStepProps) {
  const review = trpc.surfaces.review.useQuery(
    { surfaceId: surface.id, ref: refName },
    { staleTime: 0, gcTime: 0, refetchOnWindowFocus: false },
  )
  // Focus waits on the way on while the review loads, so that Enter goes on once it is there.
  const onward = useFocusOnArrival<HTMLButtonElement>()
  const blocking = review.data?.warnings.filter((warning) => warning.blocking) ?? []
  const overridable = blocking.length > 0 && blocking.every(({ kind }) => kind === 'frozen' || kind === 'locked')
  const overridden = overridable && override.trim() !== ''
  const blocked = blocking.length > 0 && !overridden
  const running = surface.lastDeploy !== null && !surface.lastDeploy.terminal ? surface.lastDeploy.id : null
  return (
    <>
      <ModalBody>
        {review.data !== undefined && (
          <Reviewed
            review={review.data}
            surface={surface}
            onFollow={running === null ? null : () => onFollow(running)}
            override={overridable ? <OverrideFreeze reason={override} onReason={onOverride} /> : null}
          />
        )}
        {review.isPending && <ReviewSkeleton />}
        {review.isError && (
          <Notice tone="bad" role="alert" action={<Button onClick={() => void review.refetch()}>Try again</Button>}>
            {readWireError(review.error).message} Nothing was dispatched.
          </Notice>
        )}
      </ModalBody>
      <ModalFoot
        left={
          <Button tone="bare" onClick={onBack} className="-ml-3">
            Back
          </Button>
        }
      >
        <Button
          tone="strong"
          ref={onward}
          aria-disabled={review.data === undefined || blocked}
          onClick={() => review.data !== undefined && !blocked && onReviewed(review.data)}
        >
          {overridden ? 'Override and continue' : blocked ? 'Cannot be deployed now' : 'Continue'}
        </Button>
      </ModalFoot>
    </>
  )
}

interface ReviewedProps {
  readonly review: Review
  readonly surface: SurfaceTile
  readonly onFollow: (() => void) | null
  readonly override: ReactNode
}

function Reviewed({ review, surface, onFollow, override }: ReviewedProps) {
  return (
    <>
      <ReviewWarnings warnings={review.warnings} onFollow={onFollow} />
      {override}
      <Changes review={review} surface={surface} />
    </>
  )
}

function ReviewSkeleton() {
  return (
    <div aria-busy="true" className="flex min-h-72 flex-col gap-4">
      <p className="sr-only">Comparing with what runs now</p>
      <Skeleton className="h-14 w-full" />
      <Skeleton className="h-4 w-32" />
      <Skeleton className="h-4 w-4/5" />
      <Skeleton className="h-4 w-3/5" />
      <Skeleton className="h-4 w-2/3" />
    </div>
  )
}
