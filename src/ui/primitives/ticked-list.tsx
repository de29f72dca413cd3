import { Check } from 'lucide-react'
import { ForeignText } from '~/ui/primitives/foreign-text'

/** Lines of a checklist that somebody ticked. */
export function TickedList({ lines }: { readonly lines: readonly string[] }) {
  return (
    <ul className="flex flex-col gap-1 text-sm text-ink-soft">
      {lines.map((line) => (
        <li key={line} className="flex items-start gap-2">
          <Check aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-ink-faint" />
          <span className="min-w-0 break-words">
            <ForeignText text={line} whole />
          </span>
        </li>
      ))}
    </ul>
  )
}
