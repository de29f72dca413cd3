import { ArrowUpRight } from 'lucide-react'
import type { ReactNode } from 'react'

interface ExternalLinkProps {
  readonly href: string
  readonly children: ReactNode
  readonly className?: string
}

/** A link to another site: opens a new tab and sends no referrer. */
export function ExternalLink({ href, children, className = '' }: ExternalLinkProps) {
  return (
    <a
      href={href}
      target="_blank"
      rel="noreferrer"
      className={`inline-flex items-center gap-0.5 underline decoration-line underline-offset-[3px] hover:decoration-current ${className}`}
    >
      {children}
      <ArrowUpRight aria-hidden="true" className="size-3.5 shrink-0 text-ink-faint" />
      <span className="sr-only">(opens in a new tab)</span>
    </a>
  )
}
