import { Hourglass } from 'lucide-react'
import type { ReactNode } from 'react'
import type { DeployView } from '~/domain/deploy/view'
import { ArmedRollback } from '~/ui/deploy-modal/follow/armed-rollback'
import { LogTail } from '~/ui/deploy-modal/follow/log-tail'
import { ReleaseSurface } from '~/ui/deploy-modal/follow/release-surface'
import { ReviewEnvironments } from '~/ui/deploy-modal/follow/review-environments'
import { RunJobs } from '~/ui/deploy-modal/follow/run-jobs'
import { Stepper } from '~/ui/deploy-modal/follow/stepper'
import { useUsualTimes } from '~/ui/deploy-modal/follow/use-deploy'
import { Sentence } from '~/ui/primitives/foreign-text'
import { ExternalLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { QueueList } from '~/ui/queue/queue-list'
import { deployAnnouncement } from '~/ui/status/announcements'
import { OutcomeMark } from '~/ui/status/marks'
import { outcomeOf } from '~/ui/status/status-words'
import { useSeenTitle } from '~/ui/time/stopped-clock'
import { Elapsed, TimeAgo } from '~/ui/time/time-ago'

interface DeployProgressProps {
  readonly deploy: DeployView
  /** The actions of the page, above the jobs. The dialog has them in its foot. */
  readonly children?: ReactNode
}

/** How far one deploy is, and what holds it or went wrong: the same in the dialog and on the deploy's page. */
export function DeployProgress({ deploy, children }: DeployProgressProps) {
  const usual = useUsualTimes(deploy)
  return (
    <>
      <p role="status" className="sr-only">
        {deployAnnouncement(deploy, deploy.watch)}
      </p>
      <DeployHeadline deploy={deploy} />
      <ArmedRollback deploy={deploy} />
      <DeployWarnings deploy={deploy} />
      <ReleaseSurface deploy={deploy} />
      <Stepper phases={deploy.phases} ended={deploy.terminal} usual={usual} />
      <Consequence deploy={deploy} />
      <QuietSentence deploy={deploy} />
      <ReviewEnvironments deploy={deploy} />
      <QueueList queue={deploy.queue} surface={deploy.surface} />
      {children}
      <RunJobs deploy={deploy} />
      <LogTail deployId={deploy.id} tail={deploy.logTail} deletedAt={deploy.logDeletedAt} terminal={deploy.terminal} />
    </>
  )
}

/** A link to the run, or why there is none yet. */
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

/** The state of the deploy in one line, with the time it has taken. */
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

/** How the deploy ended: the workflow's message and the report. A hold is explained beside the button that ends it. */
export function Consequence({ deploy }: { readonly deploy: DeployView }) {
  const { terminal, status, failureDetail, sentences, hold } = deploy
  if (!terminal) return null
  return (
    <div className="flex flex-col gap-1 text-sm text-ink-soft empty:hidden">
      {failureDetail !== null && status !== 'succeeded' && (
        <p className="overflow-y-auto break-words text-ink sm:max-h-20">
          <Sentence text={failureDetail} />
        </p>
      )}
      {sentences
        .filter((sentence) => sentence !== hold)
        .map((sentence) => (
          <p key={sentence}>
            <Sentence text={sentence} />
          </p>
        ))}
    </div>
  )
}

/** Why nothing happens, with the way to where it goes on. */
export function QuietSentence({
  deploy: { quiet, runUrl },
}: {
  readonly deploy: Pick<DeployView, 'quiet' | 'runUrl'>
}) {
  if (quiet === null) return null
  return (
    <p data-quiet="" className="flex items-start gap-2 text-sm text-pretty text-ink-soft">
      <Hourglass aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-ink-faint" />
      <span className="min-w-0 break-words">
        <Sentence text={quiet.sentence} />
        {quiet.since !== null && (
          <span className="text-ink-faint">
            {' '}
            (<TimeAgo at={quiet.since} />)
          </span>
        )}{' '}
        {quiet.onGithub && runUrl !== null && <ExternalLink href={runUrl}>Open the run</ExternalLink>}
      </span>
    </p>
  )
}

/** Alarms are red, as on the tile, and stay after the deploy has ended: the run that they name may still be active. */
export function DeployWarnings({ deploy }: { readonly deploy: Pick<DeployView, 'warnings' | 'alarms' | 'watch'> }) {
  // `ArmedRollback` says it.
  const said = deploy.watch?.sentences.join(' ')
  return deploy.warnings
    .filter((warning) => warning !== said)
    .map((warning) => (
      <Notice key={warning} tone={deploy.alarms.includes(warning) ? 'bad' : 'warn'} role="status">
        <Sentence text={warning} />
      </Notice>
    ))
}
