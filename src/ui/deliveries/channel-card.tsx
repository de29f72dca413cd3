'use client'

import { useState } from 'react'
import type { ChannelView } from '~/domain/delivery'
import { DeliveryRow } from '~/ui/deliveries/delivery-row'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface ChannelProps {
  readonly channel: ChannelView
  readonly onChanged: () => void
}

/** One channel with its last deliveries, and what can be done to it. */
export function ChannelCard({ channel, onChanged }: ChannelProps) {
  const { name, kind, host, enabled, configured, createdBy, createdAt, deliveries } = channel
  return (
    <article aria-label={name} data-channel={name} className="rounded-md border border-line bg-panel text-sm">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2 px-4 py-2.5">
        <div className="min-w-48 flex-1 py-1">
          <h3 className="flex flex-wrap items-center gap-x-2 font-medium">
            <span className={`break-all ${enabled ? '' : 'text-ink-soft'}`}>
              <ForeignText text={name} />
            </span>
            <span className={`text-xs font-normal ${enabled ? 'text-good' : 'text-warn'}`}>
              {enabled ? 'Enabled' : 'Disabled'}
            </span>
          </h3>
          <p className="mt-0.5 break-all text-ink-soft">
            {kind === 'slack' ? 'Slack' : 'Signed webhook'} · {host}
          </p>
          <p className="mt-0.5 text-xs text-ink-faint">
            {configured ? (
              'Set in the configuration: it can be changed only there.'
            ) : (
              <>
                added by <ForeignText text={createdBy} /> <TimeAgo at={createdAt} />
              </>
            )}
          </p>
        </div>
        <Actions channel={channel} onChanged={onChanged} />
      </div>
      <ul aria-label={`Last deliveries of ${name}`} className="border-t border-line">
        {deliveries.length === 0 && <li className="px-4 py-2.5 text-ink-soft">Nothing was delivered yet.</li>}
        {deliveries.map((delivery) => (
          <DeliveryRow key={delivery.id} delivery={delivery} canResend={enabled} onChanged={onChanged} />
        ))}
      </ul>
    </article>
  )
}

function Actions({ channel: { id, name, enabled, configured }, onChanged }: ChannelProps) {
  const [asked, setAsked] = useState(false)
  const options = { onSettled: onChanged }
  const test = trpc.deliveries.testChannel.useMutation(options)
  const setEnabled = trpc.deliveries.setEnabled.useMutation(options)
  const remove = trpc.deliveries.removeChannel.useMutation(options)
  const error = test.error ?? setEnabled.error ?? remove.error
  const which = (
    <span className="sr-only">
      {' '}
      <ForeignText text={name} />
    </span>
  )
  if (asked) {
    return (
      <p className="ml-auto flex items-center gap-1">
        <Button tone="bare" onClick={() => setAsked(false)}>
          Keep
        </Button>
        <Button tone="danger" autoFocus disabled={remove.isPending} onClick={() => remove.mutate({ id })}>
          Remove now
        </Button>
      </p>
    )
  }
  return (
    <div className="ml-auto flex flex-wrap items-center justify-end gap-1">
      {error !== null && (
        <p role="alert" className="basis-full text-bad">
          {readWireError(error).message}
        </p>
      )}
      <Button disabled={!enabled || test.isPending} onClick={() => test.mutate({ id })}>
        Send test{which}
      </Button>
      {!configured && (
        <>
          <Button disabled={setEnabled.isPending} onClick={() => setEnabled.mutate({ id, enabled: !enabled })}>
            {enabled ? 'Disable' : 'Enable'}
            {which}
          </Button>
          <Button onClick={() => setAsked(true)}>Remove{which}</Button>
        </>
      )}
    </div>
  )
}
