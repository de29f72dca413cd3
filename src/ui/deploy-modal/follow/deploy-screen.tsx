'use client'

import { useEffect } from 'react'
import type { DeploySource } from '~/domain/deploy/request'
import type { SurfaceTile } from '~/domain/surface/tile'
import { Consequence } from '~/ui/deploy-modal/follow/consequence'
import { DeployFacts } from '~/ui/deploy-modal/follow/deploy-facts'
import { DeployFoot } from '~/ui/deploy-modal/follow/deploy-foot'
import { DeployHeadline } from '~/ui/deploy-modal/follow/deploy-headline'
import { DeployWarnings } from '~/ui/deploy-modal/follow/deploy-warnings'
import { LogTail } from '~/ui/deploy-modal/follow/log-tail'
import { NoDeployYet } from '~/ui/deploy-modal/follow/no-deploy-yet'
import { ReleaseSurface } from '~/ui/deploy-modal/follow/release-surface'
import { Stepper } from '~/ui/deploy-modal/follow/stepper'
import { Timeline } from '~/ui/deploy-modal/follow/timeline'
import { useDeploy } from '~/ui/deploy-modal/follow/use-deploy'
import { ModalBody, ModalHead } from '~/ui/deploy-modal/frame/modal-frame'
import { deployAnnouncement } from '~/ui/status/announcements'
import { isFree, wayBack } from '~/ui/surfaces/way-back'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { trpc } from '~/ui/trpc/client'

interface DeployScreenProps {
  readonly deployId: string
  readonly tiles: readonly SurfaceTile[]
  readonly onAgain: (again: {
    readonly surfaceId: string
    readonly ref: string
    readonly source?: DeploySource
  }) => void
}

/** Steps 4 and 5: one deploy, while it runs and afterwards, in the same places. */
export function DeployScreen({ deployId, tiles, onAgain }: DeployScreenProps) {
  const answer = useDeploy(deployId)
  const { data: deploy, error, dataUpdatedAt } = answer
  const utils = trpc.useUtils()
  const status = deploy?.status
  // The tile behind the dialog learns of a change at once, not with its own next poll.
  useEffect(() => {
    if (status !== undefined) void utils.surfaces.list.invalidate()
  }, [status, utils])

  if (deploy === undefined) return <NoDeployYet error={error} />
  const tile = tiles.find(({ id }) => id === deploy.surface.id)
  const back = tile?.lastDeploy?.id === deployId ? wayBack(tile) : null
  const mayShip = deploy.actions.some((action) => action === 'retry' || action === 'deploy_again')
  const mayShipAgain = mayShip && tile !== undefined && isFree(tile)
  return (
    <StoppedClock of={answer} polled={!deploy.terminal}>
      <div data-status={deploy.status} data-deploy={deploy.id} className="flex min-h-0 flex-1 flex-col">
        <ModalHead surface={deploy.surface.name} environment={deploy.surface.environment}>
          <DeployFacts deploy={deploy} />
        </ModalHead>
        <ModalBody>
          <p role="status" className="sr-only">
            {deployAnnouncement(deploy)}
          </p>
          <DeployHeadline deploy={deploy} />
          <DeployWarnings deploy={deploy} />
          <ReleaseSurface deploy={deploy} />
          <Stepper phases={deploy.phases} ended={deploy.terminal} />
          <div className="flex shrink-0 flex-col sm:h-68">
            <Consequence deploy={deploy} />
            <LogTail deployId={deploy.id} tail={deploy.logTail} terminal={deploy.terminal} />
          </div>
          <Timeline entries={deploy.timeline} />
        </ModalBody>
        <DeployFoot
          deploy={deploy}
          lost={error === null ? null : { error, updatedAt: dataUpdatedAt }}
          back={back}
          onBack={({ sha, deployId: source }) =>
            onAgain({ surfaceId: deploy.surface.id, ref: sha, source: { kind: 'rollback', deployId: source } })
          }
          onAgain={mayShipAgain ? () => onAgain({ surfaceId: deploy.surface.id, ref: deploy.ref }) : null}
        />
      </div>
    </StoppedClock>
  )
}
