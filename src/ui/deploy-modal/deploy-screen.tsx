'use client'

import { useEffect } from 'react'
import { ConnectionNotice } from '~/ui/board/connection-notice'
import { Consequence } from '~/ui/deploy-modal/consequence'
import { DeployFacts } from '~/ui/deploy-modal/deploy-facts'
import { DeployFoot } from '~/ui/deploy-modal/deploy-foot'
import { DeployHeadline } from '~/ui/deploy-modal/deploy-headline'
import { DeployWarnings } from '~/ui/deploy-modal/deploy-warnings'
import { LogTail } from '~/ui/deploy-modal/log-tail'
import { ModalBody, ModalHead } from '~/ui/deploy-modal/modal-frame'
import { Stepper } from '~/ui/deploy-modal/stepper'
import { Timeline } from '~/ui/deploy-modal/timeline'
import { useDeploy } from '~/ui/deploy-modal/use-deploy'
import { Skeleton } from '~/ui/primitives/skeleton'
import { deployAnnouncement } from '~/ui/status/announcements'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface DeployScreenProps {
  readonly deployId: string
  readonly onAgain: (again: { readonly surfaceId: string; readonly ref: string }) => void
}

/** Steps 4 and 5: one deploy, while it runs and afterwards, in the same places. */
export function DeployScreen({ deployId, onAgain }: DeployScreenProps) {
  const { data: deploy, error, dataUpdatedAt } = useDeploy(deployId)
  const utils = trpc.useUtils()
  const status = deploy?.status
  // The tile behind the dialog learns of a change at once, not with its own next poll.
  useEffect(() => {
    if (status !== undefined) void utils.surfaces.list.invalidate()
  }, [status, utils])

  if (deploy === undefined) return <NoDeployYet error={error} />
  return (
    <div data-status={deploy.status} data-deploy={deploy.id} className="flex min-h-0 flex-1 flex-col">
      <ModalHead surface={deploy.surface.name} environment={deploy.surface.environment}>
        <DeployFacts deploy={deploy} />
      </ModalHead>
      <ModalBody>
        <p role="status" className="sr-only">
          {deployAnnouncement(deploy)}
        </p>
        <DeployHeadline deploy={deploy} />
        <DeployWarnings warnings={deploy.warnings} />
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
        onAgain={() => onAgain({ surfaceId: deploy.surface.id, ref: deploy.ref })}
      />
    </div>
  )
}

function NoDeployYet({ error }: { readonly error: unknown }) {
  const wire = readWireError(error)
  const refused = error !== null && wire.kind === 'refused'
  return (
    <>
      <ModalHead surface="Deploy" environment="" />
      <ModalBody>
        {refused ? (
          <p className="text-ink-soft">
            {wire.appCode === 'invalid_input'
              ? 'The address does not name a deploy: its id is not a UUID.'
              : wire.message}
          </p>
        ) : (
          <div aria-busy="true" className="flex min-h-96 flex-col gap-4">
            <p className="sr-only">Loading the deploy</p>
            <Skeleton className="h-6 w-52" />
            <Skeleton className="h-16 w-full" />
            <Skeleton className="h-56 w-full" />
            {error !== null && <ConnectionNotice error={error} updatedAt={0} />}
          </div>
        )}
      </ModalBody>
    </>
  )
}
