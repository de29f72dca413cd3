'use client'

import type { DeployView } from '~/domain/deploy/view'
import { hasTurned } from '~/domain/deploy/watch'
import { Button } from '~/ui/primitives/button'
import { Sentence } from '~/ui/primitives/foreign-text'
import { PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { useRefusal } from '~/ui/shell/member'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

const LINK =
  'inline-flex h-8 items-center font-medium underline decoration-control underline-offset-[3px] hover:decoration-current'

/**
 * What happens, or happened, when the surface turns unhealthy soon after the deploy. Shows nothing if the surface declares nothing, or after a
 * watch in which it stayed healthy.
 */
export function ArmedRollback({ deploy: { id, surface, watch } }: { readonly deploy: DeployView }) {
  const refusal = useRefusal('deploy.cancel', surface.environment)
  const utils = trpc.useUtils()
  const stop = trpc.deploys.stopWatch.useMutation({
    onSettled: () => {
      void utils.deploys.get.invalidate({ id })
      void utils.surfaces.list.invalidate()
    },
  })
  if (watch === null || watch.state === 'over') return null
  const isTurned = hasTurned(watch.state)
  const [first, ...rest] = watch.sentences
  return (
    <div data-watch={watch.state}>
      <Notice
        tone={isTurned ? 'bad' : 'plain'}
        action={
          watch.stoppable ? (
            <Button
              onClick={() => stop.mutate({ id })}
              disabled={refusal !== null || stop.isPending}
              title={refusal ?? 'The console then neither offers nor starts a rollback'}
            >
              {stop.isPending ? 'Stopping…' : 'Stop watching'}
            </Button>
          ) : watch.rollbackDeployId !== null ? (
            <PageLink href={`/deploys/${watch.rollbackDeployId}`} className={LINK}>
              Open the rollback
            </PageLink>
          ) : watch.approvalId !== null ? (
            <PageLink href={`/?approval=${watch.approvalId}`} className={LINK}>
              Open the request
            </PageLink>
          ) : undefined
        }
      >
        {first !== undefined && (
          <p className={isTurned ? 'font-medium' : undefined}>
            <Sentence text={first} />
          </p>
        )}
        {rest.map((sentence) => (
          <p key={sentence} className="mt-1">
            <Sentence text={sentence} />
          </p>
        ))}
        {stop.error !== null && (
          <p role="alert" className="mt-1 text-bad">
            {readWireError(stop.error).message}
          </p>
        )}
      </Notice>
    </div>
  )
}
