'use client'

import { CircleCheck, CircleSlash } from 'lucide-react'
import { useState } from 'react'
import { inSentence } from '~/domain/foreign-text'
import type { MemberEntry } from '~/domain/member'
import type { MemberLimits } from '~/domain/member-input'
import { environmentWords, LimitsFields } from '~/ui/members/limits-fields'
import type { MadeLink } from '~/ui/members/made-link'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { TwoPressButton } from '~/ui/primitives/two-press-button'
import { useMember } from '~/ui/shell/member'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface MemberRowProps {
  readonly member: MemberEntry
  readonly environments: readonly string[]
  readonly onChanged: () => void
  readonly onLink: (link: MadeLink) => void
}

/** One member: role, environments, and the buttons that change them. */
export function MemberRow({ member, environments, onChanged, onLink }: MemberRowProps) {
  const [changing, setChanging] = useState(false)
  const own = useMember()?.email === member.email
  const suspended = member.suspendedAt !== null
  const Mark = suspended ? CircleSlash : CircleCheck
  return (
    <li
      data-member={member.email}
      data-suspended={suspended}
      className="border-t border-line px-4 py-2.5 text-sm first:border-t-0"
    >
      <div className="flex flex-wrap items-start gap-x-4 gap-y-1">
        <div className="min-w-48 flex-1 py-1">
          <p className="flex flex-wrap items-center gap-x-2">
            <span className={`font-medium ${suspended ? 'text-ink-soft' : ''}`}>
              <ForeignText text={member.name} />
            </span>
            {own && <span className="text-xs text-ink-faint">you</span>}
            <span className={`inline-flex items-center gap-1 text-xs ${suspended ? 'text-warn' : 'text-good'}`}>
              <Mark aria-hidden="true" className="size-3.5" />
              {suspended ? 'Suspended' : member.role}
            </span>
          </p>
          <p className="mt-0.5 break-all text-ink-soft">
            <ForeignText text={member.email} />
          </p>
          <p className="mt-0.5 text-xs text-ink-faint">
            {suspended ? `was ${member.role}, ` : ''}
            {environmentWords(member.environments)} · added by <ForeignText text={member.addedBy} />{' '}
            <TimeAgo at={member.addedAt} />
          </p>
        </div>
        <div className="ml-auto flex gap-1">
          {!suspended && (
            <Button aria-expanded={changing} onClick={() => setChanging(!changing)}>
              Change
              <span className="sr-only">
                {' '}
                what <ForeignText text={member.name} /> may do
              </span>
            </Button>
          )}
          <Access member={member} own={own} onChanged={onChanged} />
        </div>
      </div>
      {changing && (
        <ChangeMember
          member={member}
          own={own}
          environments={environments}
          onLink={onLink}
          onDone={() => {
            setChanging(false)
            onChanged()
          }}
        />
      )}
    </li>
  )
}

/** Suspending takes two presses; restoring takes one. */
function Access({ member, own, onChanged }: Pick<MemberRowProps, 'member' | 'onChanged'> & { readonly own: boolean }) {
  const suspend = trpc.members.suspend.useMutation({ onSuccess: onChanged })
  const restore = trpc.members.restore.useMutation({ onSuccess: onChanged })
  const { userId, name } = member
  if (member.suspendedAt === null) {
    return (
      <TwoPressButton
        word="Suspend"
        now={own ? 'Suspend myself now' : 'Suspend now'}
        name={name}
        problem={suspend.error === null ? null : readWireError(suspend.error).message}
        pending={suspend.isPending}
        onConfirm={() => suspend.mutate({ userId })}
      />
    )
  }
  if (restore.error !== null) {
    return (
      <p role="alert" className="max-w-80 py-1.5 text-bad">
        {readWireError(restore.error).message}
      </p>
    )
  }
  return (
    <Button disabled={restore.isPending} onClick={() => restore.mutate({ userId })}>
      Restore access
      <span className="sr-only">
        {' '}
        to <ForeignText text={name} />
      </span>
    </Button>
  )
}

interface ChangeMemberProps {
  readonly member: MemberEntry
  /** The member is the viewer: ask before they lock themselves out. */
  readonly own: boolean
  readonly environments: readonly string[]
  readonly onLink: (link: MadeLink) => void
  readonly onDone: () => void
}

function ChangeMember({ member, own, environments, onLink, onDone }: ChangeMemberProps) {
  const [limits, setLimits] = useState<MemberLimits>({
    role: member.role,
    // An older version may have limited an admin. Offer values that can be saved.
    environments: member.environments === null || member.role === 'admin' ? null : [...member.environments],
  })
  const [sure, setSure] = useState(false)
  const change = trpc.members.change.useMutation({
    // The viewer changed their own role: reload, since the whole page depends on it.
    onSuccess: () => (own ? window.location.assign('/') : onDone()),
  })
  const passwordLink = trpc.members.passwordLink.useMutation({
    onSuccess: (link) => onLink({ ...link, purpose: 'password' }),
  })
  const error = change.error ?? passwordLink.error
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
          <Button disabled={passwordLink.isPending} onClick={() => passwordLink.mutate({ userId: member.userId })}>
            Create password link
          </Button>
        )}
      </p>
    </form>
  )
}
