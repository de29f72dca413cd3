'use client'

import { useState } from 'react'
import type { ReviewDecision, WaitingEnvironments } from '~/domain/deploy/environment-review'
import type { DeployView } from '~/domain/deploy/view'
import { inSentence } from '~/domain/foreign-text'
import { useFocusOnArrival, useTypedInput } from '~/ui/deploy-modal/frame/modal-frame'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Sentence } from '~/ui/primitives/foreign-text'
import { useMember, useRefusal } from '~/ui/shell/member'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** The name of an environment may be longer than a narrow window is wide. */
const WRAPS = 'h-auto! min-h-8 max-w-full shrink! whitespace-normal! py-1 break-words'

type Environment = WaitingEnvironments['environments'][number]

interface Choice {
  readonly environmentId: string
  readonly decision: ReviewDecision
}

/** Approves or rejects the environments of GitHub that hold the run, in two presses, where the console's credentials may. */
export function ReviewEnvironments({ deploy }: { readonly deploy: DeployView }) {
  const [choice, setChoice] = useState<Choice | null>(null)
  const utils = trpc.useUtils()
  const review = trpc.deploys.reviewEnvironment.useMutation({
    onSettled: async () => {
      // The buttons must not come back before the deploy shows whether anything still waits.
      await utils.deploys.get.invalidate({ id: deploy.id })
      setChoice(null)
    },
  })
  const waiting = deploy.waitingEnvironments
  const reviewable = waiting?.environments.filter((environment) => environment.reviewable) ?? []
  const chosen = reviewable.find(({ id }) => id === choice?.environmentId)
  const send = (reason: string) => {
    if (waiting === null || choice === null) return
    const { runId, runAttempt, readAt, environments } = waiting
    const seen = environments.map(({ id, name }) => ({ id, name }))
    review.mutate({ id: deploy.id, runId, runAttempt, readAt, waiting: seen, ...choice, reason })
  }
  return (
    <div className="flex flex-col gap-2 empty:hidden">
      {choice !== null && chosen !== undefined ? (
        <ReviewForm
          environment={chosen}
          decision={choice.decision}
          pending={review.isPending}
          onSend={send}
          onBack={() => setChoice(null)}
        />
      ) : (
        reviewable.map((environment) => (
          <ReviewButtons
            key={environment.id}
            deploy={deploy}
            environment={environment}
            onChoose={(decision) => {
              review.reset()
              setChoice({ environmentId: environment.id, decision })
            }}
          />
        ))
      )}
      {review.error !== null && (
        <p role="alert" className="text-sm text-bad">
          <Sentence text={readWireError(review.error).message} />
        </p>
      )}
      {review.data !== undefined && (
        <p role="status" className="text-sm text-pretty text-ink-soft">
          {review.data.outcome === 'accepted'
            ? `GitHub took the decision: ${review.data.decision}.`
            : 'GitHub’s answer is not known. GitHub may have taken the decision. The console does not send it again. The deploy shows what GitHub says next.'}
        </p>
      )}
    </div>
  )
}

interface ReviewButtonsProps {
  readonly deploy: DeployView
  readonly environment: Environment
  readonly onChoose: (decision: ReviewDecision) => void
}

function ReviewButtons({ deploy, environment: { name }, onChoose }: ReviewButtonsProps) {
  const member = useMember()
  const isOwn = member !== null && (deploy.requestedByOwner ?? deploy.requestedBy) === member.email
  const lacking = useRefusal('deploy.approve', deploy.surface.environment)
  const refusal = isOwn ? 'You requested this deploy. Another person must approve.' : lacking
  const shared = { disabled: refusal !== null, title: refusal ?? undefined }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Button className={WRAPS} onClick={() => onChoose('approved')} {...shared}>
        Approve in GitHub’s environment “{inSentence(name)}”…
      </Button>
      <Button onClick={() => onChoose('rejected')} {...shared}>
        Reject…
      </Button>
      {refusal !== null && <span className="text-xs text-ink-faint">{refusal}</span>}
    </div>
  )
}

interface ReviewFormProps {
  readonly environment: Environment
  readonly decision: ReviewDecision
  readonly pending: boolean
  readonly onSend: (reason: string) => void
  readonly onBack: () => void
}

/** Replaces the buttons. A rejection needs a reason. */
function ReviewForm({ environment: { name }, decision, pending, onSend, onBack }: ReviewFormProps) {
  const [reason, setReason] = useState('')
  const field = useFocusOnArrival<HTMLInputElement>()
  const why = reason.trim()
  useTypedInput(why !== '')
  const approves = decision === 'approved'
  const ready = !pending && (approves || why !== '')
  return (
    <form
      className="flex flex-col gap-2 rounded-md border border-line p-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) onSend(why)
      }}
    >
      <Field
        id="review-reason"
        label={approves ? 'Reason, optional' : 'Reason'}
        hint="sent to GitHub with your name, and kept with the deploy"
      >
        <input
          id="review-reason"
          ref={field}
          value={reason}
          maxLength={500}
          autoComplete="off"
          onChange={(event) => setReason(event.target.value)}
          className={FIELD}
        />
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" className={WRAPS} tone={approves ? 'strong' : 'danger'} disabled={!ready}>
          {pending ? 'Asking GitHub…' : `${approves ? 'Approve' : 'Reject'} “${inSentence(name)}” on GitHub`}
        </Button>
        <Button onClick={onBack} disabled={pending}>
          Back
        </Button>
      </div>
    </form>
  )
}
