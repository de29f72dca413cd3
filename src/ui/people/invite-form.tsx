'use client'

import { useState } from 'react'
import type { MemberLimits } from '~/domain/member'
import { LimitsFields } from '~/ui/people/limits-fields'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface InviteFormProps {
  readonly environments: readonly string[]
  readonly onInvited: (link: { readonly path: string; readonly email: string }) => void
}

const FIRST: MemberLimits = { role: 'deployer', environments: null }

/** Makes a link for one person. No mail is sent: whoever invites hands it over. */
export function InviteForm({ environments, onInvited }: InviteFormProps) {
  const [email, setEmail] = useState('')
  const [limits, setLimits] = useState(FIRST)
  const invite = trpc.members.invite.useMutation({
    onSuccess: ({ path }) => {
      onInvited({ path, email: email.trim() })
      setEmail('')
      setLimits(FIRST)
    },
  })
  const ready = limits.environments === null || limits.environments.length > 0
  return (
    <form
      aria-labelledby="invite"
      className="flex flex-col gap-3 rounded-md border border-line bg-panel p-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready && !invite.isPending) invite.mutate({ ...limits, email: email.trim() })
      }}
    >
      <h2 id="invite" className="text-sm font-semibold">
        Invite somebody
      </h2>
      <Field id="invite-email" label="E-mail address">
        <input
          id="invite-email"
          type="email"
          required
          autoComplete="off"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          className={FIELD}
        />
      </Field>
      <LimitsFields id="invite" limits={limits} environments={environments} onChange={setLimits} />
      {!ready && <p className="text-xs text-ink-soft">Choose an environment, or every one.</p>}
      {invite.isError && (
        <Notice tone="bad" role="alert">
          {readWireError(invite.error).message}
        </Notice>
      )}
      <Button type="submit" tone="strong" className="self-start" disabled={!ready || invite.isPending}>
        Make the link
      </Button>
      <p className="text-xs text-ink-faint">The link works once, within seven days. You hand it over yourself.</p>
    </form>
  )
}
