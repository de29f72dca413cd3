'use client'

import { Radio, RefreshCw } from 'lucide-react'
import { usePathname } from 'next/navigation'
import { PageLink } from '~/ui/primitives/links'
import { DecisionsWaiting } from '~/ui/shell/approval-count'
import { useMember } from '~/ui/shell/member'
import { pagesFor } from '~/ui/shell/pages'
import { useLiveState } from '~/ui/trpc/live-state'

/** Settings leads to Health, which has no link of its own: the links fill a row. */
const WITHIN: Readonly<Record<string, string>> = { '/': '/surfaces', '/settings': '/health' }

const isUnder = (pathname: string, href: string) => {
  const within = WITHIN[href]
  if (within !== undefined && pathname.startsWith(within)) return true
  return href === '/' ? pathname === '/' : pathname.startsWith(href)
}

/** The main navigation, on a line of its own where the header has no space for it. The current page is marked by more than colour. */
export function MainNav() {
  const pathname = usePathname()
  const pages = pagesFor(useMember()).filter(({ href }) => href !== WITHIN['/settings'])
  return (
    <nav
      aria-label="Pages"
      className="-mx-1.5 flex flex-wrap text-sm max-xl:order-last max-xl:w-full sm:max-xl:gap-x-0.5"
    >
      {pages.map(({ href, name }) => {
        const current = isUnder(pathname, href)
        return (
          <PageLink
            key={href}
            href={href}
            aria-current={current ? 'page' : undefined}
            className={`rounded-[4px] px-1.5 py-1 underline-offset-[5px] hover:text-ink ${current ? 'font-medium text-ink underline decoration-accent decoration-2' : 'text-ink-soft'}`}
          >
            {name}
            {href === '/approvals' && <DecisionsWaiting />}
          </PageLink>
        )
      })}
    </nav>
  )
}

const TOLD = 'Changes are shown as they happen.'
const ASKING =
  'This window polls for changes every few seconds, because live updates do not reach it. See “Behind a proxy” in docs/operations/configure.md.'

/** Shows whether live updates reach this window. Polling costs only a few seconds, so nothing else mentions it. */
export function ConnectionMark() {
  const { live } = useLiveState()
  const [Mark, words] = live ? [Radio, TOLD] : [RefreshCw, ASKING]
  return (
    <span role="img" aria-label={words} title={words} data-told={live} className="shrink-0 p-1 text-ink-faint">
      <Mark aria-hidden="true" className="size-3.5" />
    </span>
  )
}
