'use client'

import type { InvitationEntry } from '~/domain/member'
import { reachWords } from '~/ui/people/limits-fields'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface OpenInvitationsProps {
  readonly invitations: readonly InvitationEntry[]
  readonly onChanged: () => void
}

/** Which links have not been used yet: invitations, and those for a new password. */
export function OpenInvitations({ invitations, onChanged }: OpenInvitationsProps) {
  if (invitations.length === 0) return null
  return (
    <section aria-labelledby="invitations" className="mt-6">
      <h2 id="invitations" className="mb-2.5 text-sm font-semibold">
        Links not used yet
      </h2>
      <ul aria-labelledby="invitations" className="rounded-md border border-line bg-panel">
        {invitations.map((invitation) => (
          <Row key={invitation.id} invitation={invitation} onChanged={onChanged} />
        ))}
      </ul>
    </section>
  )
}

function Row({ invitation, onChanged }: { readonly invitation: InvitationEntry; readonly onChanged: () => void }) {
  const { id, kind, email, role, environments, createdBy, expiresAt } = invitation
  const takeBack = trpc.members.takeBackInvitation.useMutation({ onSettled: onChanged })
  const who = email ?? 'Whoever has the link'
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-1 border-t border-line px-4 py-2.5 text-sm first:border-t-0">
      <div className="min-w-48 flex-1 py-1">
        <p className="break-all">
          <ForeignText text={who} />
        </p>
        <p className="mt-0.5 text-xs text-ink-faint">
          {kind === 'recovery' ? 'new password' : `${role}, ${reachWords(environments)}`} · by{' '}
          <ForeignText text={createdBy} /> · until {expiresAt.slice(0, 10)}
        </p>
        {takeBack.isError && (
          <p role="alert" className="text-bad">
            {readWireError(takeBack.error).message}
          </p>
        )}
      </div>
      <Button className="ml-auto" disabled={takeBack.isPending} onClick={() => takeBack.mutate({ id })}>
        Take back
        <span className="sr-only">
          {' '}
          the link of <ForeignText text={who} />
        </span>
      </Button>
    </li>
  )
}
