import type { Attempt } from '~/ui/deploy-modal/flow'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'

/** Refusals that a new review shows, and shows the way past. */
const REVIEW_AGAIN = ['ref_moved', 'surface_busy', 'frozen', 'surface_locked'] as const

/** What became of the last press. Everything typed is still there. */
export function DispatchError({
  attempt,
  onReviewAgain,
}: {
  readonly attempt: Attempt
  readonly onReviewAgain: () => void
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
  if (attempt.refusal === null) return null
  const reviewAgain = REVIEW_AGAIN.some((code) => code === attempt.refusal?.appCode)
  return (
    <Notice
      tone="bad"
      role="alert"
      action={reviewAgain ? <Button onClick={onReviewAgain}>Review again</Button> : undefined}
    >
      {attempt.refusal.message}
    </Notice>
  )
}
