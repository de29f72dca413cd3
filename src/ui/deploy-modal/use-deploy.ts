'use client'

import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

const POLL_MS = 2_000

/**
 * One deploy, every 2 s until it is terminal. A poll that fails changes nothing but the connection notice: the last
 * answer stays, and the next poll comes. Only "no such deploy" ends the polling.
 */
export function useDeploy(id: string | null) {
  return trpc.deploys.get.useQuery(
    { id: id ?? '' },
    {
      enabled: id !== null,
      retry: false,
      refetchIntervalInBackground: true,
      refetchInterval: ({ state }) => {
        if (state.data?.terminal === true) return false
        return state.error !== null && readWireError(state.error).kind === 'refused' ? false : POLL_MS
      },
    },
  )
}
