'use client'

import { useState } from 'react'
import type { ChannelView } from '~/domain/delivery'
import { inSentence } from '~/domain/foreign-text'
import { AddChannelForm } from '~/ui/deliveries/add-channel-form'
import { ChannelCard } from '~/ui/deliveries/channel-card'
import { Notice } from '~/ui/primitives/notice'
import { ShownOnce } from '~/ui/primitives/shown-once'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { trpc } from '~/ui/trpc/client'
import { useLiveState } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

const UNDER_WAY_MS = 2_000
const AT_REST_MS = 30_000

const isUnderWay = ({ deliveries }: ChannelView) =>
  deliveries.some(({ state, attempts }) => state === 'sending' || (state === 'waiting' && attempts === 0))

const WARNING =
  'Copy the secret now. It is shown only once. The receiver uses it to verify that a delivery comes from this console.'

/** The channels that receive the outcome of deploys, and their deliveries. */
export function DeliveriesPage() {
  const [made, setMade] = useState<{ readonly name: string; readonly secret: string } | null>(null)
  const utils = trpc.useUtils()
  const changed = () => void utils.deliveries.list.invalidate()
  const { live } = useLiveState()
  const list = trpc.deliveries.list.useQuery(undefined, {
    refetchInterval: ({ state }) => {
      if (live) return false
      return state.data?.some(isUnderWay) === true ? UNDER_WAY_MS : AT_REST_MS
    },
  })
  return (
    <PageFrame title="Deliveries">
      <p className="-mt-2 mb-5 max-w-prose text-sm text-pretty text-ink-soft">
        Each channel receives the outcome of every deploy. A failed delivery is retried for one day.
      </p>
      {made !== null && (
        <ShownOnce
          title={`The signing secret of “${inSentence(made.name)}”`}
          warning={WARNING}
          label="The signing secret"
          secret={made.secret}
          onDone={() => setMade(null)}
        />
      )}
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <section aria-labelledby="channels" className="min-w-0">
          <h2 id="channels" className="mb-2.5 text-sm font-semibold">
            Channels
          </h2>
          {list.isError && (
            <Notice tone="warn" role="status">
              {readWireError(list.error).message}
            </Notice>
          )}
          {list.isPending && <RowsSkeleton what="channels" />}
          {list.data?.length === 0 && (
            <p className="rounded-md border border-line bg-panel px-4 py-3 text-sm text-ink-soft">
              No channels yet. A channel receives the outcome of every deploy that ends after you add the channel.
            </p>
          )}
          <div className="flex flex-col gap-4">
            {list.data?.map((channel) => (
              <ChannelCard key={channel.id} channel={channel} onChanged={changed} />
            ))}
          </div>
        </section>
        {/* After the list, whose height is not known before: on a phone the form would move. */}
        {!list.isPending && (
          <AddChannelForm
            onAdded={({ name, secret }) => {
              setMade(secret === null ? null : { name, secret })
              changed()
            }}
          />
        )}
      </div>
    </PageFrame>
  )
}
