import type { Attempt } from '~/ui/deploy-modal/new-deploy/flow'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'
import type { WireError } from '~/ui/trpc/wire-error'

/** Refusals that a new review shows, and shows the way past. */
const REVIEW_AGAIN = ['ref_moved', 'source_refused', 'surface_busy', 'frozen', 'surface_locked'] as const

/** What became of the last press. Everything typed is still there. */
export function DispatchError({
  attempt,
  onReviewAgain,
  onFollow,
}: {
  readonly attempt: Attempt
  readonly onReviewAgain: () => void
  /** To the deploy that holds the surface. */
  readonly onFollow: (deployId: string) => void
}) {
  if (attempt.state === 'sending') return null
  if (attempt.state === 'unknown') {
    return (
      <Notice tone="warn" role="alert">
        {attempt.error.message} Whether this deploy was recorded is not known. Retry asks for the same deploy again and
        cannot start a second one.
      </Notice>
    )
  }
  if (attempt.sentBefore) {
    return (
      <Notice tone="warn" role="alert">
        This deploy was sent before the page was loaded again. Whether it was recorded is not known. Type the name, then
        Retry: it asks for the same deploy again and cannot start a second one.
      </Notice>
    )
  }
  if (attempt.refusal === null) return null
  return (
    <Notice
      tone="bad"
      role="alert"
      action={<WayOn refusal={attempt.refusal} onReviewAgain={onReviewAgain} onFollow={onFollow} />}
    >
      {attempt.refusal.message}
    </Notice>
  )
}

interface WayOnProps {
  readonly refusal: WireError
  readonly onReviewAgain: () => void
  readonly onFollow: (deployId: string) => void
}

function WayOn({ refusal, onReviewAgain, onFollow }: WayOnProps) {
  const { appCode, deployId } = refusal
  if (appCode === 'surface_busy' && deployId !== undefined) {
    return <Button onClick={() => onFollow(deployId)}>Open that deploy</Button>
  }
  const again = REVIEW_AGAIN.some((code) => code === appCode)
  return again ? <Button onClick={onReviewAgain}>Review again</Button> : null
}
