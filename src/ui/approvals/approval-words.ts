import type { ApprovalState, ApprovalView } from '~/domain/deploy/approval'
import { inSentence } from '~/domain/foreign-text'
import { refLabel, shortSha } from '~/domain/ref'
import type { Review } from '~/domain/surface/review'

/** The state in one word, for a list. */
export const APPROVAL_STATE_WORDS = {
  waiting: 'Waiting',
  granted: 'Approved',
  refused: 'Refused',
  withdrawn: 'Withdrawn',
  expired: 'Expired',
} as const satisfies Record<ApprovalState, string>

/** The state in one sentence. */
export function headline({ state, decision }: Pick<ApprovalView, 'state' | 'decision'>): string {
  const by = decision === null ? '' : ` by ${inSentence(decision.by)}`
  switch (state) {
    case 'waiting':
      return 'Waiting for approval by another person'
    case 'granted':
      return `Approved${by}`
    case 'refused':
      return `Refused${by}: nothing was deployed`
    case 'withdrawn':
      return `Withdrawn${by}: nothing was deployed`
    case 'expired':
      return 'Expired: nobody approved it in time, nothing was deployed'
  }
}

/** Why the server would refuse the approval now, as far as the review shows; null if nothing speaks against it. */
export function standsInTheWay(
  approval: ApprovalView,
  review: Pick<Review, 'sha' | 'runningSha' | 'freezeIds' | 'warnings'>,
): string | null {
  if (review.sha !== approval.sha) {
    return `${inSentence(refLabel(approval.ref))} was at ${shortSha(approval.sha)} when approval was requested and is at ${shortSha(review.sha)} now. Request approval again.`
  }
  const { expectedRunningSha: expected } = approval
  if (expected !== null && expected !== (review.runningSha ?? 'unknown')) {
    return `${inSentence(approval.surface.name)} runs a different commit than when approval was requested. Request approval again.`
  }
  const busy = review.warnings.find(({ kind }) => kind === 'busy')
  if (busy !== undefined) return busy.text
  const deployFreeze = review.warnings.find(({ kind }) => kind === 'deploy_freeze')
  if (deployFreeze !== undefined) return deployFreeze.text
  if (review.freezeIds.every((id) => approval.overrideFreezeIds.includes(id))) return null
  return (
    review.warnings.find(({ kind, blocking }) => blocking && (kind === 'locked' || kind === 'frozen'))?.text ?? null
  )
}
