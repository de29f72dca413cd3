'use client'

import { useState } from 'react'
import { InviteForm } from '~/ui/people/invite-form'
import { type MadeLink, MadeLinkNotice } from '~/ui/people/made-link'
import { MemberRow } from '~/ui/people/member-row'
import { OpenInvitations } from '~/ui/people/open-invitations'
import { LoadMore } from '~/ui/primitives/load-more'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/rows-skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** Who may do what here, who is invited, and the form that invites. */
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
          <OpenInvitations invitations={open.data?.invitations ?? []} onChanged={changed} />
        </div>
        <InviteForm
          environments={environments}
          onInvited={(invited) => {
            setLink({ ...invited, purpose: 'invitation' })
            changed()
          }}
        />
      </div>
    </PageFrame>
  )
}
