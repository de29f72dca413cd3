'use client'

import { Hourglass, Maximize2 } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import type { DeploySource } from '~/domain/deploy/request'
import { EARLIER_DEPLOY } from '~/domain/deploy/source'
import type { DeployView } from '~/domain/deploy/view'
import { refLabel } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { DeployFoot } from '~/ui/deploy-modal/follow/deploy-foot'
import { LogTail } from '~/ui/deploy-modal/follow/log-tail'
import { ReleaseSurface } from '~/ui/deploy-modal/follow/release-surface'
import { ReviewEnvironments } from '~/ui/deploy-modal/follow/review-environments'
import { RunJobs } from '~/ui/deploy-modal/follow/run-jobs'
import { Stepper } from '~/ui/deploy-modal/follow/stepper'
import { Timeline } from '~/ui/deploy-modal/follow/timeline'
import { useDeploy, useUsualTimes } from '~/ui/deploy-modal/follow/use-deploy'
import { ModalBody, ModalHead, OpenTheGrid } from '~/ui/deploy-modal/frame/modal-frame'
import { Disclosure } from '~/ui/primitives/disclosure'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { InputList } from '~/ui/primitives/input-list'
import { ExternalLink, PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { Sha } from '~/ui/primitives/sha'
import { Skeleton } from '~/ui/primitives/skeleton'
import { deployAnnouncement } from '~/ui/status/announcements'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { OutcomeMark } from '~/ui/status/marks'
import { outcomeOf } from '~/ui/status/status-words'
import { isSurfaceFree, wayBack } from '~/ui/surfaces/way-back'
import { StoppedClock, useSeenTitle } from '~/ui/time/stopped-clock'
import { Elapsed, TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface DeployScreenProps {
  readonly deployId: string
  readonly tiles: readonly SurfaceTile[]
  readonly onAgain: (again: {
    readonly surfaceId: string
    readonly ref: string
    readonly source?: DeploySource
    readonly like?: string
  }) => void
}

/** Steps 4 and 5: one deploy, while it runs and after it ended, in the same layout. */
export function DeployScreen({ deployId, tiles, onAgain }: DeployScreenProps) {
  const answer = useDeploy(deployId)
  const { data: deploy, error, dataUpdatedAt } = answer
  const usual = useUsualTimes(deploy)
  const utils = trpc.useUtils()
  const status = deploy?.status
  // Refresh the tile behind the dialog at once.
  useEffect(() => {
    if (status !== undefined) void utils.surfaces.list.invalidate()
  }, [status, utils])

  if (deploy === undefined) return <NoDeployYet error={error} />
  const { back, mayShipAgain } = nextFor(deploy, tiles)
  return (
    <StoppedClock of={answer} polled={!deploy.terminal}>
      <div data-status={deploy.status} data-deploy={deploy.id} className="flex min-h-0 flex-1 flex-col">
        <ModalHead surface={deploy.surface.name} environment={deploy.surface.environment}>
          <DeployFacts deploy={deploy} />
          <PageLink
            href={`/deploys/${deploy.id}`}
            aria-label="Open this deploy as a page"
            title="Open as a page"
            className="absolute top-3 right-12 inline-flex size-8 items-center justify-center rounded-[5px] text-ink-soft hover:bg-well hover:text-ink"
          >
            <Maximize2 aria-hidden="true" className="size-4" />
          </PageLink>
        </ModalHead>
        <ModalBody>
          <p role="status" className="sr-only">
            {deployAnnouncement(deploy)}
          </p>
          <DeployHeadline deploy={deploy} />
          <DeployWarnings deploy={deploy} />
          <ReleaseSurface deploy={deploy} />
          <Stepper phases={deploy.phases} ended={deploy.terminal} usual={usual} />
          <Consequence deploy={deploy} />
          <QuietSentence deploy={deploy} />
          <ReviewEnvironments deploy={deploy} />
          <RunJobs deploy={deploy} />
          <LogTail
            deployId={deploy.id}
            tail={deploy.logTail}
            deletedAt={deploy.logDeletedAt}
            terminal={deploy.terminal}
          />
          <Timeline entries={deploy.timeline} />
          <Inputs deploy={deploy} />
        </ModalBody>
        <DeployFoot
          deploy={deploy}
          lost={error === null ? null : { error, updatedAt: dataUpdatedAt }}
          back={back}
          onBack={({ sha, deployId: source }) =>
            onAgain({ surfaceId: deploy.surface.id, ref: sha, source: { kind: 'rollback', deployId: source } })
          }
          onAgain={
            mayShipAgain ? () => onAgain({ surfaceId: deploy.surface.id, ref: deploy.ref, like: deploy.id }) : null
          }
        />
      </div>
    </StoppedClock>
  )
}

/** What may follow on this deploy, by the state of its surface. */
export function nextFor(deploy: DeployView, tiles: readonly SurfaceTile[]) {
  const tile = tiles.find(({ id }) => id === deploy.surface.id)
  const mayShip = deploy.actions.some((action) => action === 'retry' || action === 'deploy_again')
  return {
    back: tile?.lastDeploy?.id === deploy.id ? wayBack(tile) : null,
    mayShipAgain: mayShip && tile !== undefined && isSurfaceFree(tile),
  }
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
export function DeployWarnings({ deploy }: { readonly deploy: Pick<DeployView, 'warnings' | 'alarms'> }) {
  return deploy.warnings.map((warning) => (
    <Notice key={warning} tone={deploy.alarms.includes(warning) ? 'bad' : 'warn'} role="status">
      <Sentence text={warning} />
    </Notice>
  ))
}

/** What was requested, by whom, when and why. */
export function DeployFacts({ deploy }: { readonly deploy: DeployView }) {
  const isCommit = deploy.sha === deploy.ref
  return (
    <p className="mt-1 text-xs text-ink-faint">
      {deploy.kind === 'rollback' && `${EARLIER_DEPLOY}: `}
      {deploy.kind === 'promotion' && 'Promotion of '}
      {!isCommit && (
        <span className="font-medium break-all text-ink-soft">
          <ForeignText text={refLabel(deploy.ref)} />
        </span>
      )}
      {deploy.sha !== null && (
        <>
          {isCommit ? 'Commit ' : ' at '}
          <Sha sha={deploy.sha} />
        </>
      )}{' '}
      · <ForeignText text={deploy.requestedBy} />
      {deploy.requestedByOwner !== null && (
        <>
          {' '}
          of <ForeignText text={deploy.requestedByOwner} />
        </>
      )}
      {deploy.approvedBy !== null && (
        <>
          , approved by <ForeignText text={deploy.approvedBy} />
        </>
      )}{' '}
      · <TimeAgo at={deploy.requestedAt} />
      {deploy.reason !== null && (
        <>
          {' '}
          · “<ForeignText text={deploy.reason} whole />”
        </>
      )}
      {deploy.overrideReason !== null && (
        <span className="text-warn">
          {' '}
          · Freeze overridden: “<ForeignText text={deploy.overrideReason} whole />”
        </span>
      )}
    </p>
  )
}

/** What was sent to the workflow. */
function Inputs({ deploy: { inputs, workflow } }: { readonly deploy: DeployView }) {
  if (inputs === null) return null
  return (
    <Disclosure title="Inputs" note={`sent to ${workflow}`}>
      <div className="mt-1.5">
        <InputList inputs={inputs} />
      </div>
    </Disclosure>
  )
}

/** Shown before the first answer, or if the address leads to no deploy. */
function NoDeployYet({ error }: { readonly error: unknown }) {
  const wire = error === null ? null : readWireError(error)
  if (wire?.kind === 'refused') {
    return (
      <>
        <ModalHead
          surface={wire.appCode === 'deploy_unknown' ? 'There is no such deploy' : 'This link is incomplete or wrong'}
          environment=""
        />
        <ModalBody>
          <p className="text-ink-soft">
            {wire.appCode === 'invalid_input'
              ? 'A link to a deploy ends with the full id. The grid shows every surface and its latest deploy.'
              : wire.message}
          </p>
        </ModalBody>
        <OpenTheGrid />
      </>
    )
  }
  return (
    <>
      <ModalHead surface="Deploy" environment="" />
      <ModalBody>
        <div aria-busy="true" className="flex min-h-96 flex-col gap-4">
          <p className="sr-only">Loading the deploy</p>
          <Skeleton className="h-6 w-52" />
          <Skeleton className="h-16 w-full" />
          <Skeleton className="h-56 w-full" />
          {error !== null && <ConnectionNotice error={error} updatedAt={0} />}
        </div>
      </ModalBody>
    </>
  )
}
