import type { PhaseState } from '~/domain/deploy/phases'
import { capitalise, inSentence } from '~/domain/foreign-text'
import { CHECKS_LISTED, type CommitCheck, type CommitChecks } from '~/domain/surface/review'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { ExternalLink } from '~/ui/primitives/links'
import { PhaseMark } from '~/ui/status/marks'

const MARKS = {
  red: 'failed',
  pending: 'active',
  other: 'unknown',
  green: 'done',
} as const satisfies Record<CommitCheck['state'], PhaseState>

/** The checks of the commit that would be deployed. Open if one of them neither passed nor was skipped. */
export function Checks({ checks: { checks, counts, complete } }: { readonly checks: CommitChecks }) {
  const total = counts.red + counts.pending + counts.other + counts.green
  if (total === 0) {
    return (
      <p className="text-sm text-ink-soft" data-checks="none">
        {complete ? 'GitHub lists no checks of this commit.' : 'The checks of this commit could not be read.'}
      </p>
    )
  }
  const onlySkipped = isEachSkipped(checks, counts.other)
  const loudest = (['red', 'pending', 'other', 'green'] as const).find((state) => counts[state] > 0) ?? 'green'
  return (
    <details
      className="group text-sm"
      open={loudest !== 'green' && !(loudest === 'other' && onlySkipped)}
      data-checks={loudest}
    >
      <summary className="flex w-fit list-none items-center gap-1.5 rounded-[3px] [&::-webkit-details-marker]:hidden">
        <PhaseMark state={loudest === 'other' && onlySkipped ? 'skipped' : MARKS[loudest]} />
        <span className="font-semibold">Checks</span>
        <span className="text-ink-soft tabular-nums">
          {countWords(counts, onlySkipped)}
          {complete ? '' : ', others could not be read'}
        </span>
      </summary>
      <ul aria-label="Checks" className="mt-1 flex flex-col gap-0.5">
        {checks.map((check, index) => (
          <li key={`${check.name} ${String(index)}`} data-check={check.state} className="flex items-center gap-2">
            <PhaseMark state={isSkipped(check) ? 'skipped' : MARKS[check.state]} size="size-3.5" />
            <span className="min-w-0 flex-1 break-words text-ink-soft">
              {check.url === null ? (
                <ForeignText text={check.name} />
              ) : (
                <ExternalLink href={check.url}>
                  <ForeignText text={check.name} />
                </ExternalLink>
              )}
            </span>
            <span className="shrink-0 text-xs text-ink-faint">
              {capitalise(inSentence(check.word)).replaceAll('_', ' ')}
            </span>
          </li>
        ))}
        {total > CHECKS_LISTED && (
          <li className="text-xs text-ink-faint">
            {CHECKS_LISTED} of {total} are shown.
          </li>
        )}
      </ul>
    </details>
  )
}

const isSkipped = ({ word, state }: CommitCheck) => state === 'other' && word === 'skipped'

/** Whether all `count` checks that neither passed nor failed are known to be skipped. */
function isEachSkipped(checks: readonly CommitCheck[], count: number): boolean {
  const others = checks.filter(({ state }) => state === 'other')
  return count > 0 && others.length === count && others.every(isSkipped)
}

function countWords({ red, pending, other, green }: CommitChecks['counts'], onlySkipped: boolean): string {
  const parts = [
    red > 0 && `${red} failed`,
    pending > 0 && `${pending} pending`,
    other > 0 && `${other} ${onlySkipped ? 'skipped' : 'neither passed nor failed'}`,
    green > 0 && `${green} passed`,
  ]
  return parts.filter((part) => part !== false).join(' · ')
}
