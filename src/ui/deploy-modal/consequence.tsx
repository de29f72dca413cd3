import type { DeployView } from '~/domain/deploy'
import { stoppedBeforeDeploy } from '~/ui/status/status-words'

/** Why it stopped, and what that means for the surface, where an event says so. */
export function Consequence({ deploy }: { readonly deploy: DeployView }) {
  if (!deploy.terminal || deploy.status === 'succeeded') return null
  return (
    <div className="mb-3 flex flex-col gap-1 text-sm text-ink-soft empty:hidden">
      {deploy.failureDetail !== null && (
        <p className="overflow-y-auto break-words sm:max-h-20 text-ink">{deploy.failureDetail}</p>
      )}
      {stoppedBeforeDeploy(deploy) && <p>The deploy phase never started: nothing was deployed.</p>}
    </div>
  )
}
