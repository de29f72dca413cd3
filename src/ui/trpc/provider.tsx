'use client'

import { MutationCache, type Query, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { httpLink, httpSubscriptionLink, splitLink } from '@trpc/client'
import { type ReactNode, useState } from 'react'

import { documentArrival } from '~/ui/first-view/document-arrival'
import { authLink } from '~/ui/trpc/auth-link'
import { personHeader, trpc } from '~/ui/trpc/client'
import { createFetchChanges } from '~/ui/trpc/fetch-changes'
import { completeOlderAnswers } from '~/ui/trpc/older-answers'
import { readWireError, worthAnotherTry } from '~/ui/trpc/wire-error'

/** What came with the document is shown while the stream begins, whose first event asks for it again. */
const freshFor = ({ state }: Query): number => (state.dataUpdatedAt === documentArrival() ? 30_000 : 1_000)

function newQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
    mutationCache: new MutationCache({ onError: leaveWhenSignedOut }),
    defaultOptions: {
      // 'always': the console may run on this machine, so the browser's "offline" decides nothing.
      queries: { networkMode: 'always', retry: worthAnotherTry, staleTime: freshFor },
      // Never retried by the library: only the operator retries, with the same idempotency key.
      mutations: { networkMode: 'always', retry: false },
    },
  })
}

/** The session has ended and nobody signed in over the page: go to the sign-in page, which leads back here. */
function leaveWhenSignedOut(error: unknown): void {
  if (readWireError(error).appCode !== 'signed_out') return
  const { pathname, search } = window.location
  window.location.assign(`/sign-in?next=${encodeURIComponent(pathname + search)}`)
}

export function TrpcProvider({ children }: { readonly children: ReactNode }) {
  const [queryClient] = useState(newQueryClient)
  // Not batched: a request that waits for GitHub must not delay the grid's poll.
  const [client] = useState(() =>
    trpc.createClient({
      links: [
        completeOlderAnswers(),
        splitLink({
          condition: ({ type }) => type === 'subscription',
          true: httpSubscriptionLink({ url: '/api/trpc' }),
          false: [authLink(), httpLink({ url: '/api/trpc', headers: personHeader, fetch: createFetchChanges() })],
        }),
      ],
    }),
  )
  return (
    <trpc.Provider client={client} queryClient={queryClient}>
      <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
    </trpc.Provider>
  )
}
