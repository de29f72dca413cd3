'use client'

import { useState } from 'react'
import { CHANNEL_KINDS, CHANNELS, type ChannelKind } from '~/domain/delivery'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface AddChannelFormProps {
  readonly onAdded: (channel: { readonly name: string; readonly secret: string | null }) => void
}

/** Adds a channel. Its address is never shown in full again, since anyone who has it can post there. */
export function AddChannelForm({ onAdded }: AddChannelFormProps) {
  const [kind, setKind] = useState<ChannelKind>('webhook')
  const [name, setName] = useState('')
  const [url, setUrl] = useState('')
  const add = trpc.deliveries.addChannel.useMutation({
    // The answer contains the secret. Pass it on and do not cache it.
    gcTime: 0,
    onSuccess: (channel) => {
      for (const clear of [setName, setUrl]) clear('')
      add.reset()
      onAdded(channel)
    },
  })
  const ready = name.trim() !== '' && url.trim() !== '' && !add.isPending
  return (
    <form
      aria-labelledby="add-channel"
      className="flex flex-col gap-3 rounded-md border border-line bg-panel p-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) add.mutate({ kind, name, url })
      }}
    >
      <h2 id="add-channel" className="text-sm font-semibold">
        Add a channel
      </h2>
      <Field id="channel-kind" label="Kind">
        <select
          id="channel-kind"
          value={kind}
          onChange={({ target }) => setKind(CHANNEL_KINDS.find((known) => known === target.value) ?? kind)}
          className={FIELD}
        >
          {CHANNEL_KINDS.map((known) => (
            <option key={known} value={known}>
              {CHANNELS[known].option}
            </option>
          ))}
        </select>
      </Field>
      <Field id="channel-name" label="Name">
        <input
          id="channel-name"
          value={name}
          maxLength={60}
          autoComplete="off"
          onChange={({ target }) => setName(target.value)}
          className={FIELD}
        />
      </Field>
      <Field id="channel-url" label="Address" hint="an https address; afterwards only its host is shown">
        <input
          id="channel-url"
          type="url"
          value={url}
          maxLength={2_000}
          autoComplete="off"
          spellCheck={false}
          placeholder={CHANNELS[kind].exampleUrl}
          onChange={({ target }) => setUrl(target.value)}
          className={FIELD}
        />
      </Field>
      {add.isError && (
        <Notice tone="bad" role="alert">
          {readWireError(add.error).message}
        </Notice>
      )}
      <Button type="submit" tone="strong" className="self-start" disabled={!ready}>
        Add channel
      </Button>
    </form>
  )
}
