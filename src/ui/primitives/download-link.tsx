import { Download } from 'lucide-react'
import type { ReactNode } from 'react'

/** A file the console itself makes. */
export function DownloadLink({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  return (
    <a
      href={href}
      download
      className="inline-flex items-center gap-1.5 text-sm text-ink-soft underline decoration-line underline-offset-[3px] hover:decoration-current"
    >
      <Download aria-hidden="true" className="size-4 shrink-0 text-ink-faint" />
      {children}
    </a>
  )
}
