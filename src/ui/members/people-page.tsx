'use client'

import { useState } from 'react'
import type { InvitationEntry } from '~/domain/member'
import type { MemberLimits } from '~/domain/member-input'
import { environmentWords, LimitsFields } from '~/ui/members/limits-fields'
import { type MadeLink, MadeLinkNotice } from '~/ui/members/made-link'
import { MemberRow } from '~/ui/members/member-row'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { LoadMore } from '~/ui/primitives/load-more'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** Members, open invitations, and the form that invites. */
export function PeoplePage() {
  const [link, setLink] = useState<MadeLink | null>(null)
  const utils = trpc.useUtils()
  const changed = () => void utils.members.invalidate()
  const pages = trpc.members.list.useInfiniteQuery({}, { getNextPageParam: (page) => page.nextCursor ?? undefined })
  const open = trpc.members.invitations.useQuery()
  const members = pages.data?.pages.flatMap((page) => page.members) ?? []
  const environments = open.data?.environments ?? []
  const error = pages.error ?? open.error
  return (
    <PageFrame title="People">
      {link !== null && <MadeLinkNotice link={link} onDone={() => setLink(null)} />}
      {error !== null && (
        <div className="mb-4">
          <Notice tone="warn" role="status">
            {readWireError(error).message}
          </Notice>
        </div>
      )}
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="min-w-0">
          <section aria-labelledby="members">
            <h2 id="members" className="mb-2.5 text-sm font-semibold">
              Members
            </h2>
            {pages.isPending && <RowsSkeleton what="members" />}
            {members.length > 0 && (
              <ul aria-labelledby="members" className="rounded-md border border-line bg-panel">
                {members.map((member) => (
                  <MemberRow
                    key={member.userId}
                    member={member}
                    environments={environments}
                    onChanged={changed}
                    onLink={setLink}
                  />
                ))}
              </ul>
            )}
            {pages.hasNextPage && (
              <LoadMore
                count={members.length}
                noun="member"
                more
                loading={pages.isFetchingNextPage}
                failed={pages.isFetchNextPageError}
                onMore={() => void pages.fetchNextPage()}
              />
            )}
          </section>
          {/* Below the members, so after them: what is read later would move what stands below it. */}
          {!pages.isPending && <OpenInvitations invitations={open.data?.invitations ?? []} onChanged={changed} />}
        </div>
        {/* Below the members on a narrow screen: it comes when their height is known. */}
        <div className={pages.isPending ? 'max-lg:hidden' : ''}>
          <InviteForm
            environments={environments}
            onInvited={(invited) => {
              setLink({ ...invited, purpose: 'invitation' })
              changed()
            }}
          />
        </div>
      </div>
    </PageFrame>
  )
}

interface InviteFormProps {
  readonly environments: readonly string[]
  readonly onInvited: (link: { readonly path: string; readonly email: string }) => void
}

const FIRST: MemberLimits = { role: 'deployer', environments: null }

/** Creates an invitation link. The console sends no e-mail: the admin sends the link. */
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
        Invite someone
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
      {!ready && <p className="text-xs text-ink-soft">Choose at least one environment.</p>}
      {invite.isError && (
        <Notice tone="bad" role="alert">
          {readWireError(invite.error).message}
        </Notice>
      )}
      <Button type="submit" tone="strong" className="self-start" disabled={!ready || invite.isPending}>
        Create link
      </Button>
      <p className="text-xs text-ink-faint">
        The link works once and expires after seven days. Send it yourself: the console sends no e-mail.
      </p>
    </form>
  )
}

interface OpenInvitationsProps {
  readonly invitations: readonly InvitationEntry[]
  readonly onChanged: () => void
}

/** Unused links: invitations and password links. */
function OpenInvitations({ invitations, onChanged }: OpenInvitationsProps) {
  if (invitations.length === 0) return null
  return (
    <section aria-labelledby="invitations" className="mt-6">
      <h2 id="invitations" className="mb-2.5 text-sm font-semibold">
        Unused links
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
  const who = email ?? 'Anyone with the link'
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-1 border-t border-line px-4 py-2.5 text-sm first:border-t-0">
      <div className="min-w-48 flex-1 py-1">
        <p className="break-all">
          <ForeignText text={who} />
        </p>
        <p className="mt-0.5 text-xs text-ink-faint">
          {kind === 'recovery' ? 'new password' : `${role}, ${environmentWords(environments)}`} · by{' '}
          <ForeignText text={createdBy} /> · until {expiresAt.slice(0, 10)}
        </p>
        {takeBack.isError && (
          <p role="alert" className="text-bad">
            {readWireError(takeBack.error).message}
          </p>
        )}
      </div>
      <Button className="ml-auto" disabled={takeBack.isPending} onClick={() => takeBack.mutate({ id })}>
        {' '}
        Revoke{' '}
        <span className="sr-only">
          {' '}
          the link of <ForeignText text={who} />
        </span>
      </Button>
    </li>
  )
}
