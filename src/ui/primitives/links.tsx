'use client'

import { ArrowUpRight, Download } from 'lucide-react'
import Link from 'next/link'
import { type ComponentProps, type ReactNode, useState } from 'react'

/**
 * A link to a page of the console. The page is fetched ahead once somebody points at the link, not because the link is on
 * the screen: a grid of 200 surfaces has 200 of them.
 */
export function PageLink<Path>(
  props: Omit<ComponentProps<typeof Link<Path>>, 'prefetch' | 'onPointerEnter' | 'onFocus'>,
) {
  const [isNear, setIsNear] = useState(false)
  const prefetch = () => setIsNear(true)
  return <Link {...props} prefetch={isNear ? null : false} onPointerEnter={prefetch} onFocus={prefetch} />
}

/** How a link within a text looks. */
export const LINK = 'underline decoration-line underline-offset-[3px] hover:decoration-current'

interface ExternalLinkProps {
  readonly href: string
  readonly children: ReactNode
  readonly className?: string
}

/** A link to another site: opens a new tab and sends no referrer. */
export function ExternalLink({ href, children, className = '' }: ExternalLinkProps) {
  return (
    <a href={href} target="_blank" rel="noreferrer" className={`inline-flex items-center gap-0.5 ${LINK} ${className}`}>
      {children}
      <ArrowUpRight aria-hidden="true" className="size-3.5 shrink-0 text-ink-faint print:hidden" />
      <span className="sr-only">(opens in a new tab)</span>
    </a>
  )
}

/** A link to a file that the console generates. */
export function DownloadLink({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  return (
    <a href={href} download className={`inline-flex items-center gap-1.5 text-sm text-ink-soft ${LINK} print:hidden`}>
      <Download aria-hidden="true" className="size-4 shrink-0 text-ink-faint" />
      {children}
    </a>
  )
}
