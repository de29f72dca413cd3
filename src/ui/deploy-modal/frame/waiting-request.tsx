import { useEffect } from 'react'
import { ModalBody, ModalHead, OpenTheGrid } from '~/ui/deploy-modal/frame/modal-frame'
import { Skeleton } from '~/ui/primitives/skeleton'
import { trpc } from '~/ui/trpc/client'
import { useLiveState } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

// The screen of a request that waits, for approval or in the queue, before it is a deploy.

interface Request {
  readonly state: string
  readonly deployId: string | null
}

const POLL_MS = 2_000

/** Options that poll one request every 2 s until it has ended, while no stream tells of it. A failed poll keeps the last answer. */
export function usePollWhileWaiting() {
  const { live } = useLiveState()
  return {
    retry: false,
    refetchIntervalInBackground: true,
    refetchInterval: ({
      state,
    }: {
      readonly state: { readonly data?: Request | undefined; readonly error: unknown }
    }) => {
      if (live) return false
      if (state.data !== undefined && state.data.state !== 'waiting') return false
      return state.error !== null && readWireError(state.error).kind === 'refused' ? false : POLL_MS
    },
  } as const
}

/** Refreshes the tile behind the dialog when the request changes. Once it is a deploy, everyone who has it open follows the deploy. */
export function useFollowOnceDeployed(request: Request | undefined, onDeploy: (deployId: string) => void): void {
  const utils = trpc.useUtils()
  const state = request?.state
  useEffect(() => {
    if (state !== undefined) void utils.surfaces.list.invalidate()
  }, [state, utils])
  const deployId = request?.deployId ?? null
  useEffect(() => {
    if (deployId !== null) onDeploy(deployId)
  }, [deployId, onDeploy])
}

interface NoRequestYetProps {
  readonly error: unknown
  /** The heading before the first answer. */
  readonly title: string
  /** Such as "approval". */
  readonly noun: string
}

/** Shown before the first answer, or if the address leads to no request. */
export function NoRequestYet({ error, title, noun }: NoRequestYetProps) {
  const wire = error === null ? null : readWireError(error)
  return (
    <>
      <ModalHead surface={wire?.kind === 'refused' ? `There is no such ${noun}` : title} environment="" />
      <ModalBody>
        {wire === null ? <Skeleton className="h-56 w-full" /> : <p className="text-ink-soft">{wire.message}</p>}
      </ModalBody>
      {wire?.kind === 'refused' && <OpenTheGrid />}
    </>
  )
}
