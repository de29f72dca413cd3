import { CircleCheck, CircleMinus } from 'lucide-react'
import type { FlagInEnvironment } from '~/domain/flags'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { useRefusal } from '~/ui/shell/member'
import { TimeAgo } from '~/ui/time/time-ago'

interface FlagSwitchProps {
  readonly flag: string
  readonly state: FlagInEnvironment
  readonly busy: boolean
  readonly onChange: (change: 'promote' | 'demote') => void
}

/** One flag in one environment: what it is, since when and by whom, and the way to the other state. */
export function FlagSwitch({ flag, state, busy, onChange }: FlagSwitchProps) {
  const { environment, on, because, promotion, promoted, refusal } = state
  const notAllowed = useRefusal('flag.change', environment)
  const change = promoted ? 'demote' : 'promote'
  const Icon = on ? CircleCheck : CircleMinus
  return (
    <div data-environment={environment} data-on={on} className="flex min-w-0 flex-1 basis-64 flex-col gap-1 px-4 py-3">
      <div className="flex items-center justify-between gap-3">
        <p className="flex min-w-0 items-center gap-1.5 text-sm">
          <Icon aria-hidden="true" className={`size-4 shrink-0 ${on ? 'text-good' : 'text-ink-faint'}`} />
          <span className="font-medium capitalize">{environment}</span>
          <span className={on ? 'font-medium text-good' : 'text-ink-soft'}>{on ? 'On' : 'Off'}</span>
          {because === 'variable' && <span className="text-ink-faint">forced</span>}
        </p>
        <Button disabled={busy || refusal !== null || notAllowed !== null} onClick={() => onChange(change)}>
          {promoted ? 'Demote' : 'Promote'}
          <span className="sr-only">
            {' '}
            {flag} for {environment}
          </span>
        </Button>
      </div>
      <p className="text-xs text-ink-faint">
        {promotion === null ? (
          'Never promoted; the default holds.'
        ) : (
          <>
            {promotion.enabled ? 'Promoted' : 'Demoted'} by <ForeignText text={promotion.by} />{' '}
            <TimeAgo at={promotion.at} />
          </>
        )}
      </p>
      {(notAllowed ?? refusal) !== null && <p className="text-xs text-pretty text-ink-soft">{notAllowed ?? refusal}</p>}
    </div>
  )
}
