'use client'

import { useState } from 'react'
import { LINK, PageLink } from '~/ui/primitives/links'
import { LoadMore } from '~/ui/primitives/load-more'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { CreateTokenForm, type MadeToken, NewToken } from '~/ui/tokens/create-token-form'
import { TokenRow } from '~/ui/tokens/token-row'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** The API tokens that the member may see, and the form that creates one. */
export function TokensPage() {
  const [made, setMade] = useState<MadeToken | null>(null)
  const utils = trpc.useUtils()
  const changed = () => void utils.tokens.list.invalidate()
  const pages = trpc.tokens.list.useInfiniteQuery(
    {},
    { getNextPageParam: (page) => page.nextCursor ?? undefined, initialCursor: null },
  )
  const tokens = pages.data?.pages.flatMap((page) => page.tokens) ?? []
  return (
    <PageFrame title="API tokens">
      <p className="-mt-2 mb-5 max-w-prose text-sm text-pretty text-ink-soft">
        A token lets a script call the REST API for its owner. It never exceeds its scope or the owner’s current
        permissions. People sign in their own command line at{' '}
        <PageLink className={LINK} href="/device">
          Sign in a command line
        </PageLink>
        .
      </p>
      {made !== null && <NewToken made={made} onDone={() => setMade(null)} />}
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <section aria-labelledby="tokens" className="min-w-0">
          <h2 id="tokens" className="mb-2.5 text-sm font-semibold">
            Tokens
          </h2>
          {pages.isError && (
            <Notice tone="warn" role="status">
              {readWireError(pages.error).message}
            </Notice>
          )}
          {pages.isPending && <RowsSkeleton what="tokens" />}
          {pages.data !== undefined && tokens.length === 0 && (
            <p className="rounded-md border border-line bg-panel px-4 py-3 text-sm text-ink-soft">
              No tokens yet. Create one for a script, and grant only what the script needs.
            </p>
          )}
          {tokens.length > 0 && (
            <>
              <ul aria-labelledby="tokens" className="rounded-md border border-line bg-panel">
                {tokens.map((token) => (
                  <TokenRow key={token.id} token={token} onChanged={changed} />
                ))}
              </ul>
              <LoadMore
                count={tokens.length}
                noun="token"
                more={pages.hasNextPage}
                loading={pages.isFetchingNextPage}
                failed={pages.isFetchNextPageError}
                onMore={() => void pages.fetchNextPage()}
              />
            </>
          )}
        </section>
        {/* After the list, whose height is not known before: on a phone the form would move. */}
        {!pages.isPending && (
          <CreateTokenForm
            onMade={(token) => {
              setMade(token)
              changed()
            }}
          />
        )}
      </div>
    </PageFrame>
  )
}
