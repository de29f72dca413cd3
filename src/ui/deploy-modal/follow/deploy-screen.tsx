'use client'

import { Maximize2 } from 'lucide-react'
import { useEffect } from 'react'
import type { DeploySource } from '~/domain/deploy/request'
import { EARLIER_DEPLOY } from '~/domain/deploy/source'
import type { DeployView } from '~/domain/deploy/view'
import { refLabel } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { DeployFoot } from '~/ui/deploy-modal/follow/deploy-foot'
import { DeployProgress } from '~/ui/deploy-modal/follow/deploy-progress'
import { Timeline } from '~/ui/deploy-modal/follow/timeline'
import { useDeploy } from '~/ui/deploy-modal/follow/use-deploy'
import { ModalBody, ModalHead, OpenTheGrid } from '~/ui/deploy-modal/frame/modal-frame'
import { Disclosure } from '~/ui/primitives/disclosure'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { InputList } from '~/ui/primitives/input-list'
import { PageLink } from '~/ui/primitives/links'
import { Sha } from '~/ui/primitives/sha'
import { Skeleton } from '~/ui/primitives/skeleton'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { isSurfaceFree, wayBack } from '~/ui/surfaces/way-back'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { TimeAgo } from '~/ui/time/time-ago'
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
  /** Starts a deploy that waits until this one has ended. */
  readonly onQueue: (surfaceId: string) => void
}

/** Steps 4 and 5: one deploy, while it runs and after it ended, in the same layout. */
export function DeployScreen({ deployId, tiles, onAgain, onQueue }: DeployScreenProps) {
  const answer = useDeploy(deployId)
  const { data: deploy, error, dataUpdatedAt } = answer
  const utils = trpc.useUtils()
  const status = deploy?.status
  // Refresh the tile behind the dialog at once.
  useEffect(() => {
    if (status !== undefined) void utils.surfaces.list.invalidate()
  }, [status, utils])

  if (deploy === undefined) return <NoDeployYet error={error} />
  const { back, mayShipAgain, mayQueue } = nextFor(deploy, tiles)
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
          <DeployProgress deploy={deploy} />
          <Timeline entries={deploy.timeline} />
          <Inputs deploy={deploy} />
        </ModalBody>
        <DeployFoot
          deploy={deploy}
          lost={error === null ? null : { error, updatedAt: dataUpdatedAt }}
          onQueue={mayQueue ? () => onQueue(deploy.surface.id) : null}
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
    mayQueue: !deploy.terminal && tile !== undefined && !tile.requiresApproval && !tile.archived,
    mayShipAgain: mayShip && tile !== undefined && isSurfaceFree(tile),
  }
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
