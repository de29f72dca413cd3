'use client'

import { useState } from 'react'
import type { FreezeView } from '~/domain/freeze/freeze'
import { EFFECT_WORDS, scopeWords, timesWords } from '~/ui/freezes/freeze-words'
import { FreezeMark } from '~/ui/freezes/frozen-by'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { useRefusal } from '~/ui/shell/member'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

const STATE_WORDS = { in_force: 'In force', upcoming: 'Upcoming', over: 'Ended' } as const satisfies Record<
  FreezeView['state'],
  string
>

/** An allow window that does not refuse is open, and one that does is closed. */
const stateWords = ({ kind, state, occurrence }: FreezeView): string => {
  if (kind !== 'allow' || state === 'over' || occurrence === null) return STATE_WORDS[state]
  return state === 'in_force' ? 'Closed' : 'Open'
}

interface FreezeRowProps {
  readonly freeze: FreezeView
  /** The freeze applies to no surface. */
  readonly idle?: boolean
  readonly onChanged: () => void
}

/** One freeze or lock, with the button that ends it. */
export function FreezeRow({ freeze, idle = false, onChanged }: FreezeRowProps) {
  const held = freeze.state === 'in_force'
  const mayLift = useRefusal('freeze.manage') === null
  return (
    <li
      data-freeze={freeze.id}
      data-state={freeze.state}
      className="flex flex-wrap items-start gap-x-4 gap-y-2 border-t border-line px-4 py-2.5 text-sm first:border-t-0"
    >
      <p className="flex w-20 shrink-0 items-center gap-1.5 leading-8">
        <FreezeMark
          kind={freeze.kind === 'lock' ? 'locked' : 'frozen'}
          className={held ? 'text-warn' : 'text-ink-faint'}
        />
        <span className={held ? 'font-medium text-warn' : 'text-ink-faint'}>{stateWords(freeze)}</span>
      </p>
      <div className="min-w-48 flex-1 py-1.5">
        <p className="break-words">
          <span className="font-medium">{scopeWords(freeze)}</span>
          {(freeze.kind === 'allow' || freeze.kind === 'notice') && (
            <span className="text-ink-soft">, {EFFECT_WORDS[freeze.kind]}</span>
          )}{' '}
          <span className="text-ink-soft">
            “<ForeignText text={freeze.reason} whole />”
          </span>
        </p>
        <p className="text-xs text-ink-faint">
          {timesWords(freeze)}
          {freeze.rollbacksPass && ' · rollbacks pass'} · {freeze.kind === 'lock' ? 'locked' : 'opened'} by{' '}
          <ForeignText text={freeze.createdBy} />
        </p>
        {idle && <p className="text-xs font-medium text-warn">This environment has no surfaces.</p>}
      </div>
      {freeze.state !== 'over' && mayLift && <Lift freeze={freeze} onChanged={onChanged} />}
    </li>
  )
}

/** Takes two presses: ending a freeze lets the team deploy at once. */
function Lift({ freeze, onChanged }: { readonly freeze: FreezeView; readonly onChanged: () => void }) {
  const [asked, setAsked] = useState(false)
  const lift = trpc.freezes.lift.useMutation({ onSettled: onChanged })
  const word = freeze.kind === 'lock' ? 'Unlock' : 'Lift'
  const refusal = lift.isError ? readWireError(lift.error) : null
  const problem = refusal !== null && (
    <span role="alert" className="py-1.5 text-bad">
      {refusal.message}
    </span>
  )
  // A member who did not confirm their identity may try again. Any other refusal is final.
  if (refusal !== null && refusal.appCode !== 'proof_stale') return <p>{problem}</p>
  if (!asked) {
    return (
      <Button className="ml-auto" onClick={() => setAsked(true)}>
        {word}
        <span className="sr-only"> {scopeWords(freeze)}</span>
      </Button>
    )
  }
  return (
    <p className="ml-auto flex flex-wrap items-center justify-end gap-1">
      {problem}
      <Button tone="bare" onClick={() => setAsked(false)}>
        Keep
      </Button>
      <Button autoFocus disabled={lift.isPending} onClick={() => lift.mutate({ id: freeze.id })}>
        {word} now
      </Button>
    </p>
  )
}
