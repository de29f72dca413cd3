'use client'

import { CircleCheck, CircleHelp, CircleSlash, Clock, type LucideIcon, OctagonX } from 'lucide-react'
import { useState } from 'react'
import { CHANNELS, type ChannelView, type DeliveryState, type DeliveryView, isChannelKind } from '~/domain/delivery'
import { statusWord } from '~/domain/deploy/status'
import { minuteUtc } from '~/domain/utc-time'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { PageLink } from '~/ui/primitives/links'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface ChannelProps {
  readonly channel: ChannelView
  readonly onChanged: () => void
}

/** One channel, with its last deliveries and its actions. */
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
            {isChannelKind(kind) ? CHANNELS[kind].word : kind} · {host}
          </p>
          <p className="mt-0.5 text-xs text-ink-faint">
            {configured ? (
              'Set in the configuration. Change it there.'
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
        {deliveries.length === 0 && <li className="px-4 py-2.5 text-ink-soft">No deliveries yet.</li>}
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

interface StateLook {
  readonly words: string
  readonly tone: string
  readonly Mark: LucideIcon
}

const STATES: Readonly<Record<string, StateLook>> = {
  waiting: { words: 'Waiting', tone: 'text-ink-soft', Mark: Clock },
  sending: { words: 'Sending', tone: 'text-ink-soft', Mark: Clock },
  sent: { words: 'Delivered', tone: 'text-good', Mark: CircleCheck },
  failed: { words: 'Failed', tone: 'text-bad', Mark: OctagonX },
  unknown: { words: 'Unknown', tone: 'text-warn', Mark: CircleHelp },
  dropped: { words: 'Dropped', tone: 'text-ink-faint', Mark: CircleSlash },
} satisfies Record<DeliveryState, StateLook>

interface DeliveryRowProps {
  readonly delivery: DeliveryView
  readonly canResend: boolean
  readonly onChanged: () => void
}

/** One delivery: its deploy, its state and the last answer. */
function DeliveryRow({ delivery, canResend, onChanged }: DeliveryRowProps) {
  const { id, event, state, attempts, lastStatus, lastError, nextTryAt, updatedAt, deploy } = delivery
  const { words, tone, Mark } = STATES[state] ?? { words: state, tone: 'text-ink-faint', Mark: CircleHelp }
  const settled = state !== 'waiting' && state !== 'sending'
  return (
    <li
      data-state={state}
      className="flex flex-wrap items-start gap-x-4 gap-y-1 border-t border-line px-4 py-1.5 first:border-t-0"
    >
      <p className={`flex w-24 shrink-0 items-center gap-1.5 leading-8 ${tone}`}>
        <Mark aria-hidden="true" className="size-3.5" />
        {words}
      </p>
      <div className="min-w-40 flex-1 py-1.5">
        <p>
          {deploy === null ? (
            'Test'
          ) : (
            <PageLink href={`/deploys/${deploy.id}`} className="underline underline-offset-2">
              <ForeignText text={deploy.surface} />
            </PageLink>
          )}
          {deploy !== null && (
            <span className="text-ink-soft">
              {' '}
              · {event === 'unhealthy' ? 'Turned unhealthy' : statusWord(deploy.status)}
            </span>
          )}
        </p>
        <p className="text-xs text-pretty text-ink-faint">
          {attempts} {attempts === 1 ? 'attempt' : 'attempts'}
          {lastStatus !== null && <> · HTTP {lastStatus}</>} · <TimeAgo at={updatedAt} />
          {nextTryAt !== null && attempts > 0 && <> · next try {minuteUtc(nextTryAt)}</>}
        </p>
        {lastError !== null && state !== 'sent' && <p className="text-xs text-pretty text-ink-soft">{lastError}</p>}
      </div>
      {settled && canResend && <Resend id={id} unknown={state === 'unknown'} onChanged={onChanged} />}
    </li>
  )
}

/** Takes two presses if the delivery may have arrived: a duplicate is worse than a delay. */
function Resend({ id, unknown, onChanged }: { id: string; unknown: boolean; onChanged: () => void }) {
  const [asked, setAsked] = useState(false)
  const resend = trpc.deliveries.resend.useMutation({ onSettled: onChanged })
  if (resend.isError) {
    return (
      <p role="alert" className="py-1.5 text-bad">
        {readWireError(resend.error).message}
      </p>
    )
  }
  return (
    <Button
      tone={asked ? 'danger' : 'bare'}
      className="ml-auto"
      disabled={resend.isPending}
      onClick={() => (unknown && !asked ? setAsked(true) : resend.mutate({ id }))}
    >
      {asked ? 'Resend anyway (the receiver may get it twice)' : 'Resend'}
    </Button>
  )
}
