'use client'

import { browserWords, type SessionView } from '~/domain/account'
import { visible } from '~/domain/foreign-text'
import { AccountSection } from '~/ui/account/account-section'
import { Button } from '~/ui/primitives/button'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface SessionsSectionProps {
  readonly sessions: readonly SessionView[]
  readonly onChanged: () => void
}

/** The member's open sessions. An ended session is refused at its next request. */
export function SessionsSection({ sessions, onChanged }: SessionsSectionProps) {
  const end = trpc.account.endSession.useMutation({ onSettled: onChanged })
  const endOthers = trpc.account.endOtherSessions.useMutation({ onSettled: onChanged })
  const error = end.error ?? endOthers.error
  const others = sessions.some(({ current }) => !current)
  return (
    <AccountSection
      id="sessions"
      title="Sessions"
      about="Where you are signed in. End any session that you do not recognise."
    >
      <ul aria-labelledby="sessions" className="rounded-[5px] border border-line">
        {sessions.map((session) => (
          <li
            key={session.id}
            data-current={session.current}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line px-3 py-2 text-sm first:border-t-0"
          >
            <p className="min-w-40 flex-1">
              <span className="font-medium" title={visible(session.userAgent)}>
                {browserWords(session.userAgent)}
              </span>
              {session.current && <span className="ml-2 text-xs text-good">current</span>}
              <span className="block text-xs text-ink-faint">
                {session.address === '' ? 'address unknown' : session.address} · active{' '}
                <TimeAgo at={session.activeAt} /> · signed in <TimeAgo at={session.openedAt} />
              </span>
            </p>
            {!session.current && (
              <Button tone="bare" disabled={end.isPending} onClick={() => end.mutate({ id: session.id })}>
                End<span className="sr-only"> {browserWords(session.userAgent)}</span>
              </Button>
            )}
          </li>
        ))}
      </ul>
      {others && (
        <Button className="mt-3" disabled={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {' '}
          End all other sessions{' '}
        </Button>
      )}
      {error !== null && (
        <p role="alert" className="mt-2 text-sm text-bad">
          {readWireError(error).message}
        </p>
      )}
    </AccountSection>
  )
}
