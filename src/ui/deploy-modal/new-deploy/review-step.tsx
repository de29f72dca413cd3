'use client'

import { type ReactNode, useEffect } from 'react'
import type { AskedValues } from '~/domain/deploy/asked-inputs'
import type { DeploySource } from '~/domain/deploy/request'
import { refLabel } from '~/domain/ref'
import type { Comparison, Review } from '~/domain/surface/review'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ModalBody, ModalFoot, useFocusOnArrival } from '~/ui/deploy-modal/frame/modal-frame'
import { AskedInputs, useAskedInputs } from '~/ui/deploy-modal/new-deploy/asked-inputs'
import { ArmedNotice } from '~/ui/deploy-modal/review/armed-notice'
import { Changes } from '~/ui/deploy-modal/review/changes'
import { ReviewWarnings, SaidAt } from '~/ui/deploy-modal/review/review-warnings'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { Skeleton } from '~/ui/primitives/skeleton'
import { useRefusal } from '~/ui/shell/member'
import { trpc } from '~/ui/trpc/client'
import { readWireError, type WireError } from '~/ui/trpc/wire-error'

interface ReviewStepProps {
  readonly surface: SurfaceTile
  readonly refName: string
  /** Where the commit is taken from; null for a ref. */
  readonly source: DeploySource | null
  readonly onBack: () => void
  /** Opens the deploy that holds the surface. */
  readonly onFollow: (deployId: string) => void
  /** Why a freeze is overridden; empty if it is not. */
  readonly override: string
  readonly onOverride: (reason: string) => void
  /** The deploy whose inputs are filled in again; null if there is none. */
  readonly like: string | null
  readonly filled: AskedValues
  readonly onFilled: (name: string, value: string) => void
  /** `queue`: the surface is busy, and the request will wait. */
  readonly onReviewed: (review: Review, inputs: AskedValues, queue: boolean) => void
  /** Why a new review is needed. */
  readonly refusal: WireError | null
  /** Receives the comparison that the screen shows; null if it shows none. */
  readonly onCompared: (comparison: Comparison | null) => void
}

/** Step 2: what would change now, according to GitHub. Loaded anew each time. */
export function ReviewStep({
  surface,
  refName,
  source,
  onBack,
  onFollow,
  override,
  onOverride,
  like,
  filled,
  onFilled,
  onReviewed,
  refusal: changed,
  onCompared,
}: ReviewStepProps) {
  const review = trpc.surfaces.review.useQuery(
    { surfaceId: surface.id, ref: refName, ...(source === null ? {} : { source }) },
    { staleTime: 0, gcTime: 0, refetchOnWindowFocus: false },
  )
  // The focus is on the button while the review loads, so that Enter continues once it is loaded.
  const onward = useFocusOnArrival<HTMLButtonElement>()
  const blocking = review.data?.warnings.filter((warning) => warning.blocking) ?? []
  const overridable = blocking.length > 0 && blocking.every(({ kind }) => kind === 'frozen' || kind === 'locked')
  const overridden = overridable && override.trim() !== ''
  const refusal = useRefusal('deploy.dispatch', surface.environment)
  const queues =
    blocking.length > 0 &&
    blocking.every(({ kind }) => kind === 'busy') &&
    surface.held === null &&
    !surface.requiresApproval &&
    // The way back is not queued.
    source?.kind !== 'rollback'
  const blocked = (blocking.length > 0 && !overridden && !queues) || refusal !== null
  const { fits, ...form } = useAskedInputs(review.data?.asked ?? [], filled, like)
  const ready = review.data !== undefined && !blocked && fits
  const utils = trpc.useUtils()
  // Another deploy came first: refresh the tile behind the dialog too.
  useEffect(() => {
    if (blocked || queues) void utils.surfaces.list.invalidate()
  }, [blocked, queues, utils])
  const comparison = review.data?.comparison ?? null
  useEffect(() => {
    onCompared(comparison)
    return () => onCompared(null)
  }, [comparison, onCompared])
  return (
    <>
      <ModalBody>
        {changed !== null && (
          <Notice tone="warn" role="alert">
            <Sentence text={changed.message} />
          </Notice>
        )}
        {review.data !== undefined && (
          <Reviewed
            source={source}
            review={review.data}
            seenAt={review.dataUpdatedAt}
            surface={surface}
            onFollow={onFollow}
            asked={<AskedInputs {...form} onFilled={onFilled} />}
            override={
              overridable ? (
                <OverrideFreeze reason={override} environment={surface.environment} onReason={onOverride} />
              ) : null
            }
          />
        )}
        {refusal !== null && <Notice tone="plain">You cannot deploy this. {refusal}</Notice>}
        {review.isPending && <ReviewSkeleton />}
        {review.isError && (
          <ReviewError error={review.error} onRetry={() => void review.refetch()} onChooseAnother={onBack} />
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
          aria-disabled={!ready}
          onClick={() => ready && onReviewed(review.data, form.inputs, queues)}
        >
          {overridden
            ? 'Override and continue'
            : blocked
              ? 'Cannot be deployed now'
              : queues
                ? 'Continue to the queue'
                : 'Continue'}
        </Button>
      </ModalFoot>
    </>
  )
}

interface ReviewedProps {
  readonly review: Review
  /** When the answer came, by the local clock. */
  readonly seenAt: number
  readonly surface: SurfaceTile
  readonly source: DeploySource | null
  readonly onFollow: (deployId: string) => void
  readonly override: ReactNode
  readonly asked: ReactNode
}

function Reviewed({ review, seenAt, surface, source, onFollow, override, asked }: ReviewedProps) {
  return (
    <>
      <ReviewWarnings warnings={review.warnings} onFollow={onFollow} />
      <ArmedNotice surface={surface} source={source} />
      {override}
      {asked}
      {review.workflowRef !== null && review.workflowRef !== review.ref && (
        <p className="text-sm text-ink-soft">
          The workflow starts on <ForeignText text={refLabel(review.workflowRef)} />, which points at this commit.
        </p>
      )}
      <Changes review={review} surface={surface} />
      <p className="text-xs text-ink-faint">
        <SaidAt at={seenAt} /> Ref, freezes and locks are checked again when you deploy.
      </p>
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

interface ReviewErrorProps {
  readonly error: unknown
  readonly onRetry: () => void
  readonly onChooseAnother: () => void
}

/** Why the review failed. Offers a retry only if another answer is possible. */
function ReviewError({ error, onRetry, onChooseAnother }: ReviewErrorProps) {
  const { appCode, message } = readWireError(error)
  const badRef = appCode === 'ref_unknown' || appCode === 'ref_unfit' || appCode === 'invalid_input'
  return (
    <Notice
      tone="bad"
      role="alert"
      action={badRef ? <ChooseAnother onPress={onChooseAnother} /> : <Button onClick={onRetry}>Try again</Button>}
    >
      {appCode === 'invalid_input' ? 'Git does not accept this name for a ref.' : message} Nothing was dispatched.
    </Notice>
  )
}

/** The only possible action takes the focus from the disabled button. */
function ChooseAnother({ onPress }: { readonly onPress: () => void }) {
  const button = useFocusOnArrival<HTMLButtonElement>()
  return (
    <Button ref={button} onClick={onPress}>
      Choose another ref
    </Button>
  )
}

interface OverrideFreezeProps {
  readonly reason: string
  readonly environment: string
  readonly onReason: (reason: string) => void
}

/** Overrides a freeze. A reason is required. */
function OverrideFreeze({ reason, environment, onReason }: OverrideFreezeProps) {
  const refusal = useRefusal('freeze.override', environment)
  if (refusal !== null) return <p className="text-sm text-ink-soft">An approver may override it. {refusal}</p>
  return (
    <Field id="override-reason" label="Override it" hint="with a reason, kept with the deploy and in the audit trail">
      <input
        id="override-reason"
        value={reason}
        maxLength={500}
        autoComplete="off"
        placeholder="Why this deploy cannot wait"
        onChange={(event) => onReason(event.target.value)}
        className={FIELD}
      />
    </Field>
  )
}
