import {
  CircleQuestionMark,
  GitBranch,
  type LucideIcon,
  Radar,
  Reply,
  SquareTerminal,
  User,
  Webhook,
} from 'lucide-react'
import { isTransitionAction } from '~/domain/audit/actions'
import { EVENT_PROOF_WORDS, type EventProof } from '~/domain/deploy/event-proof'
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
      <div className="mt-1.5">
        <TimelineEntries entries={entries} />
      </div>
    </Disclosure>
  )
}

/** Each event with its time, on whose word it is known, and who caused it. */
export function TimelineEntries({ entries }: { readonly entries: readonly TimelineEntry[] }) {
  return (
    <ol aria-label="Timeline" className="flex flex-col gap-1 text-sm">
      {entries.map((entry, index) => (
        <li
          key={`${entry.at} ${String(index)}`}
          data-event={entry.action}
          data-proof={entry.proof ?? ''}
          className="grid grid-cols-[4.25rem_minmax(0,1fr)] gap-x-2 text-ink-soft sm:grid-cols-[4.25rem_8.5rem_minmax(0,1fr)_auto]"
        >
          <time dateTime={entry.at} title={exactUtc(entry.at)} className="font-mono text-xs leading-5 text-ink-faint">
            {exactUtc(entry.at).slice(11, 19)}
          </time>
          <Proof proof={entry.proof} />
          <span className="min-w-0 break-words max-sm:col-start-2">
            {moved(entry) && <span className="text-ink">{statusWord(entry.status ?? entry.action)}</span>}
            {moved(entry) && entry.note !== null && ' · '}
            <Sentence text={entry.note ?? (moved(entry) ? '' : entry.action)} />
          </span>
          <span className="min-w-0 text-xs leading-5 break-words text-ink-faint max-sm:col-start-2">
            <ForeignText text={entry.actor} />
          </span>
        </li>
      ))}
    </ol>
  )
}

const PROOF_MARKS = {
  callback: Webhook,
  github_record: GitBranch,
  github_answer: Reply,
  prober: Radar,
  person: User,
  token: User,
  console: SquareTerminal,
} as const satisfies Record<EventProof, LucideIcon>

function Proof({ proof }: { readonly proof: EventProof | null }) {
  // A newer server may send a proof that this page does not know.
  const known = proof !== null && Object.hasOwn(EVENT_PROOF_WORDS, proof) ? proof : null
  const Icon = known === null ? CircleQuestionMark : PROOF_MARKS[known]
  return (
    <span className="flex items-center gap-1.5 text-xs leading-5 text-ink-soft max-sm:col-start-2">
      <Icon aria-hidden="true" className="size-3.5 shrink-0 text-ink-faint" />
      {known === null ? 'Unknown' : EVENT_PROOF_WORDS[known]}
    </span>
  )
}
