'use client'

import { useState } from 'react'
import { inSentence } from '~/domain/foreign-text'
import type { MemberEntry, MemberLimits } from '~/domain/member'
import { LimitsFields } from '~/ui/people/limits-fields'
import type { MadeLink } from '~/ui/people/made-link'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface ChangeMemberProps {
  readonly member: MemberEntry
  /** It is the one who looks: they are asked before they shut themselves out. */
  readonly own: boolean
  readonly environments: readonly string[]
  readonly onLink: (link: MadeLink) => void
  readonly onDone: () => void
}

export function ChangeMember({ member, own, environments, onLink, onDone }: ChangeMemberProps) {
  const [limits, setLimits] = useState<MemberLimits>({
    role: member.role,
    // An admin whom an older version limited is offered what can be saved.
    environments: member.environments === null || member.role === 'admin' ? null : [...member.environments],
  })
  const [sure, setSure] = useState(false)
  const change = trpc.members.change.useMutation({
    // Of oneself: what the page shows and offers is out of date as a whole.
    onSuccess: () => (own ? window.location.assign('/') : onDone()),
  })
  const recovery = trpc.members.recoveryLink.useMutation({
    onSuccess: (link) => onLink({ ...link, purpose: 'password' }),
  })
  const error = change.error ?? recovery.error
  const leaves = own && limits.role !== 'admin'
  const ready = (limits.environments === null || limits.environments.length > 0) && (!leaves || sure)
  return (
    <form
      aria-label={`What ${inSentence(member.name)} may do`}
      className="mt-2 mb-1 flex max-w-md flex-col gap-3 rounded-[5px] bg-well p-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready && !change.isPending) change.mutate({ userId: member.userId, ...limits })
      }}
    >
      <LimitsFields id={member.userId} limits={limits} environments={environments} onChange={setLimits} />
      {leaves && (
        <label className="flex items-start gap-2 text-sm">
          <input
            type="checkbox"
            checked={sure}
            onChange={(event) => setSure(event.target.checked)}
            className="mt-0.5 size-4 shrink-0 accent-accent"
          />
          I give up my own role as admin. Only another admin can give it back.
        </label>
      )}
      {error !== null && (
        <Notice tone="bad" role="alert">
          {readWireError(error).message}
        </Notice>
      )}
      <p className="flex flex-wrap gap-2">
        <Button type="submit" tone="strong" disabled={!ready || change.isPending}>
          Save
        </Button>
        {!own && (
          <Button disabled={recovery.isPending} onClick={() => recovery.mutate({ userId: member.userId })}>
            Link for a new password
          </Button>
        )}
      </p>
    </form>
  )
}
