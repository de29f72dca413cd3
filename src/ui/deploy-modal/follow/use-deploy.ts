'use client'

import { trpc } from '~/ui/trpc/client'
import { useLiveState } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

const POLL_MS = 2_000
/** After the end: until GitHub's record of the run has been read. */
const CONFIRM_MS = 5_000

/**
 * One deploy, every 2 s until it is terminal, and then less often until nothing more is expected about it. A poll that fails changes nothing but the connection notice: the last
 * answer stays, and the next poll comes. Only "no such deploy" ends the polling.
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
        if (state.data?.settled === true) return false
        if (state.error !== null && readWireError(state.error).kind === 'refused') return false
        // What asks GitHub for the run is the poll itself, and nobody tells of that.
        if (live && (state.data?.terminal === true || state.data?.runId != null)) return false
        return state.data?.terminal === true ? CONFIRM_MS : POLL_MS
      },
    },
  )
}
