import type { DeployView } from '~/domain/deploy'
import { wasShipped } from '~/ui/deploy-modal/reported-since'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { Sha } from '~/ui/primitives/sha'
import { stoppedBeforeDeploy } from '~/ui/status/status-words'

interface ConsequenceProps {
  readonly deploy: DeployView
  /** What the surface itself has said it runs since then; null while it has not. */
  readonly reported: string | null
}

/** Why it stopped, and what that means for the surface, where an event or the surface itself says so. */
export function Consequence({ deploy, reported }: ConsequenceProps) {
  if (!deploy.terminal || deploy.status === 'succeeded') return null
  return (
    <div className="mb-3 flex flex-col gap-1 text-sm text-ink-soft empty:hidden">
      {deploy.failureDetail !== null && (
        <p className="overflow-y-auto break-words sm:max-h-20 text-ink">
          <Sentence text={deploy.failureDetail} />
        </p>
      )}
      {stoppedBeforeDeploy(deploy) && <p>The deploy phase never started: nothing was deployed.</p>}
      {wasShipped(deploy) && (
        <p>
          {deploy.sha === null ? <ForeignText text={deploy.ref} /> : <Sha sha={deploy.sha} />} was deployed
          {reported === null ? (
            '.'
          ) : (
            <>
              ; the surface reports <Sha sha={reported} />.
            </>
          )}
        </p>
      )}
    </div>
  )
}
