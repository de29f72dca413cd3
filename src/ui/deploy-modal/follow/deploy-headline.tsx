import type { ReactNode } from 'react'
import type { DeployView } from '~/domain/deploy/view'
import { ExternalLink } from '~/ui/primitives/external-link'
import { OutcomeMark } from '~/ui/status/outcome-mark'
import { outcomeOf } from '~/ui/status/status-words'
import { Elapsed } from '~/ui/time/elapsed'
import { useSeenTitle } from '~/ui/time/stopped-clock'

/** Where the run can be seen, or why it cannot yet. */
function Run({ deploy }: { readonly deploy: DeployView }): ReactNode {
  const again = deploy.runAttempt !== null && deploy.runAttempt > 1
  if (deploy.runUrl !== null) {
    return (
      <>
        <ExternalLink href={deploy.runUrl}>Run on GitHub</ExternalLink>
        {again && `, attempt ${deploy.runAttempt}`}
      </>
    )
  }
  if (deploy.runId !== null) return <>Run {deploy.runId}</>
  if (deploy.terminal) return 'No run is known'
  return deploy.status === 'requested' ? 'Asking GitHub to run it…' : 'Waiting for its run…'
}

/** One line that answers "where does it stand", with the time it has taken so far. */
export function DeployHeadline({ deploy }: { readonly deploy: DeployView }) {
  const seen = useSeenTitle()
  return (
    <div className="flex min-h-7 flex-col gap-x-4 gap-y-1 sm:flex-row sm:items-center sm:justify-between">
      <p className="flex min-w-0 items-center gap-2 text-base font-semibold">
        <OutcomeMark outcome={outcomeOf(deploy.status)} size="size-5" />
        <span className="min-w-0 break-words" title={seen}>
          {deploy.headline}
        </span>
        <span className="font-normal text-ink-faint">
          <Elapsed since={deploy.requestedAt} until={deploy.finishedAt} />
          <span className="text-sm">{deploy.terminal ? ' in all' : ' so far'}</span>
        </span>
      </p>
      <p className="text-sm text-ink-soft sm:shrink-0">
        <Run deploy={deploy} />
      </p>
    </div>
  )
}
