'use client'

import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react'
import { may, requesterWords } from '~/domain/actor'
import { inSentence } from '~/domain/foreign-text'
import type { DecidableApprovals, PageMember } from '~/domain/member'
import { notifiesOfApprovals } from '~/ui/preferences/approval-notifications'
import { trpc } from '~/ui/trpc/client'
import { useAskEvery } from '~/ui/trpc/live-state'

const POLL_MS = 15_000
/** A request may have come between the page and the stream, so the first count is asked for once more, after the page has loaded. */
const ONCE_MORE_MS = 20_000

const Count = createContext(0)

interface FollowApprovalsProps {
  readonly member: PageMember
  readonly children: ReactNode
}

/** Counts the approvals that wait for the member, in the navigation and the tab's title. The page brings the first count with it. */
export function FollowApprovals({ member, children }: FollowApprovalsProps) {
  const mayDecide = may({ role: member.role, permissions: null }, 'deploy.approve')
  const { data } = trpc.approvals.decidable.useQuery(undefined, {
    enabled: mayDecide,
    initialData: member.decidable,
    // The stream tells of changes (ui/live/apply-event.ts).
    staleTime: Number.POSITIVE_INFINITY,
    meta: { cameWithPage: true },
    refetchInterval: useAskEvery(POLL_MS),
  })
  const { approvals } = trpc.useUtils()
  useEffect(() => {
    if (!mayDecide) return
    const once = setTimeout(() => void approvals.decidable.invalidate(), ONCE_MORE_MS)
    return () => clearTimeout(once)
  }, [mayDecide, approvals])
  useTitleCount(data.count)
  const announced = useNewRequests(data)
  return (
    <Count value={data.count}>
      {children}
      <p aria-live="polite" className="sr-only">
        {announced}
      </p>
    </Count>
  )
}

/** The number beside a link. Screen readers hear words. */
export function DecisionsWaiting() {
  const count = useContext(Count)
  if (count === 0) return null
  return (
    <>
      <span
        aria-hidden="true"
        className="ml-1 inline-block min-w-4.5 rounded-full bg-accent px-1 text-center text-[0.6875rem] leading-4.5 font-semibold text-on-accent tabular-nums no-underline"
      >
        {shortCount(count)}
      </span>
      <span className="sr-only">{decisionWords(count)}</span>
    </>
  )
}

const shortCount = (count: number): string => (count > 99 ? '99+' : String(count))
const decisionWords = (count: number): string => `${count} ${count === 1 ? 'waits' : 'wait'} for your decision`

const TITLE_COUNT = /^\(\d+\+?\) /

/** The title with the count before it, in place of another count. */
export function withCount(title: string, count: number): string {
  const bare = title.replace(TITLE_COUNT, '')
  return count === 0 ? bare : `(${shortCount(count)}) ${bare}`
}

/** Pages set their titles at different times, Next also after the page has changed, so the title is watched. */
function useTitleCount(count: number): void {
  useEffect(() => {
    const show = () => {
      const title = withCount(document.title, count)
      if (document.title !== title) document.title = title
    }
    show()
    const observer = new MutationObserver(show)
    observer.observe(document.head, { childList: true, subtree: true, characterData: true })
    return () => observer.disconnect()
  }, [count])
}

/** Notifies of requests that came after the page, if the member wants that. Returns what screen readers are told. */
function useNewRequests({ count, newest }: DecidableApprovals): string {
  const [announced, announce] = useState('')
  const newestSeen = useRef<string | null>(null)
  useEffect(() => {
    const before = newestSeen.current
    const latest = newest[0]?.id ?? ''
    newestSeen.current = before === null || latest > before ? latest : before
    if (before === null) return
    const arrived = newest.filter(({ id }) => id > before)
    if (arrived.length > 0) announce(`${decisionWords(count)}.`)
    if (arrived.length > 0 && notifiesOfApprovals() && !document.hasFocus()) for (const one of arrived) notify(one)
  }, [count, newest])
  return announced
}

function notify(request: DecidableApprovals['newest'][number]): void {
  try {
    const notification = new Notification(`Approval requested: ${inSentence(request.surface)}`, {
      body: `By ${requesterWords(request)}`,
      // Several windows show one notification.
      tag: request.id,
    })
    notification.onclick = () => {
      window.focus()
      notification.close()
    }
  } catch {
    // Some mobile browsers have permissions, but no notifications of pages.
  }
}
