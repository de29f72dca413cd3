'use client'

import { trpc } from '~/ui/trpc/client'
import { useLiveState } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

const POLL_MS = 2_000

/** One approval, every 2 s until it is decided. A poll that fails keeps the last answer, and the next one comes. */
export function useApproval(id: string) {
  const { live } = useLiveState()
  return trpc.approvals.get.useQuery(
    { id },
    {
      retry: false,
      refetchIntervalInBackground: true,
      refetchInterval: ({ state }) => {
        if (live) return false
        if (state.data !== undefined && state.data.state !== 'waiting') return false
        return state.error !== null && readWireError(state.error).kind === 'refused' ? false : POLL_MS
      },
    },
  )
}
