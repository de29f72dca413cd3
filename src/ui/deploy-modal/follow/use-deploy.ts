'use client'

import type { UsualTimes } from '~/domain/deploy/usual-times'
import type { DeployView } from '~/domain/deploy/view'
import { trpc } from '~/ui/trpc/client'
import { useLiveState } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

const POLL_MS = 2_000
/** After the end, while the surface is watched. */
const WATCHED_MS = 10_000
/** After the end, until GitHub's record of the run has been read. */
const CONFIRM_MS = 5_000

/**
 * Polls one deploy every 2 s until it is terminal, then less often until nothing more is expected. A failed poll
 * changes only the connection notice. Polling ends early only if the deploy does not exist.
 */
export function useDeploy(id: string | null) {
  const { live } = useLiveState()
  return trpc.deploys.get.useQuery(
    { id: id ?? '' },
    {
      enabled: id !== null,
      retry: false,
      refetchIntervalInBackground: true,
      refetchInterval: ({ state }) => {
        const isWatched = state.data?.watch?.stoppable === true || state.data?.watch?.state === 'starting'
        if (state.data?.settled === true) return isWatched && !live ? WATCHED_MS : false
        if (state.error !== null && readWireError(state.error).kind === 'refused') return false
        // The poll itself makes the console ask GitHub for the run, and no event announces that.
        if (live && (state.data?.terminal === true || state.data?.runId != null)) return false
        return state.data?.terminal === true ? CONFIRM_MS : POLL_MS
      },
    },
  )
}

/** What the phases of a running deploy usually take. Asked for once. */
export function useUsualTimes(deploy: DeployView | undefined): UsualTimes | undefined {
  const isRunning = deploy !== undefined && !deploy.terminal
  return trpc.deploys.usualTimes.useQuery(
    { surfaceId: deploy?.surface.id ?? '' },
    { enabled: isRunning, staleTime: Number.POSITIVE_INFINITY, retry: false },
  ).data
}
