import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'

/** Details that few people need, collapsed at first. */
export function Disclosure({
  title,
  note,
  children,
}: {
  readonly title: string
  readonly note?: string
  readonly children: ReactNode
}) {
  return (
    <details className="group text-sm">
      <summary className="flex w-fit list-none items-center gap-1 rounded-[3px] font-semibold [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden="true" className="size-4 text-ink-faint group-open:rotate-90" />
        {title} {note !== undefined && <span className="font-normal text-ink-faint tabular-nums">{note}</span>}
      </summary>
      {children}
    </details>
  )
}
