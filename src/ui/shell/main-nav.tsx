'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useRefusal } from '~/ui/shell/member'

const PAGES = [
  { href: '/', name: 'Surfaces' },
  { href: '/approvals', name: 'Approvals' },
  { href: '/freezes', name: 'Freezes' },
  { href: '/audit', name: 'Audit' },
  { href: '/flags', name: 'Flags' },
  { href: '/people', name: 'People' },
] as const

const isUnder = (pathname: string, href: string) =>
  href === '/' ? pathname === '/' || pathname.startsWith('/surfaces') : pathname.startsWith(href)

/** The way between the pages. The one that is open is marked by more than its colour. */
export function MainNav() {
  const pathname = usePathname()
  const managesPeople = useRefusal('member.manage') === null
  return (
    <nav aria-label="Pages" className="-mx-1.5 flex gap-0.5 text-sm max-sm:order-last max-sm:w-full max-sm:gap-0">
      {PAGES.filter(({ href }) => href !== '/people' || managesPeople).map(({ href, name }) => {
        const current = isUnder(pathname, href)
        return (
          <Link
            key={href}
            href={href}
            aria-current={current ? 'page' : undefined}
            className={`rounded-[4px] px-1.5 py-1 underline-offset-[5px] hover:text-ink ${current ? 'font-medium text-ink underline decoration-accent decoration-2' : 'text-ink-soft'}`}
          >
            {name}
          </Link>
        )
      })}
    </nav>
  )
}
