import { isTransitionAction } from '~/domain/audit/actions'
import { statusWord } from '~/domain/deploy/status'
import type { TimelineEntry } from '~/domain/deploy/view'
import { Disclosure } from '~/ui/primitives/disclosure'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { exactUtc } from '~/ui/time/relative-time'

/** Whether the entry's status is one the deploy took, not one that was refused. */
const moved = ({ action, status }: TimelineEntry) => status !== null && isTransitionAction(action)

/** Every recorded event of the deploy, including refused ones. Collapsed at first. */
export function Timeline({ entries }: { readonly entries: readonly TimelineEntry[] }) {
  if (entries.length === 0) return null
  return (
    <Disclosure title="Timeline" note={String(entries.length)}>
      <ol aria-label="Timeline" className="mt-1.5 flex flex-col gap-1">
        {entries.map((entry, index) => (
          <li
            key={`${entry.at} ${String(index)}`}
            className="grid grid-cols-[4.25rem_minmax(0,1fr)] gap-x-2 text-ink-soft sm:grid-cols-[4.25rem_minmax(0,1fr)_auto]"
          >
            <time dateTime={entry.at} title={exactUtc(entry.at)} className="font-mono text-xs leading-5 text-ink-faint">
              {exactUtc(entry.at).slice(11, 19)}
            </time>
            <span className="min-w-0 break-words">
              {moved(entry) && <span className="text-ink">{statusWord(entry.status ?? entry.action)}</span>}
              {moved(entry) && entry.note !== null && ' · '}
              <Sentence text={entry.note ?? (moved(entry) ? '' : entry.action)} />
            </span>
            <span className="text-xs leading-5 text-ink-faint max-sm:col-start-2">
              <ForeignText text={entry.actor} />
            </span>
          </li>
        ))}
      </ol>
    </Disclosure>
  )
}
