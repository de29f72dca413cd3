'use client'

import { CircleCheck, CircleMinus } from 'lucide-react'
import type { FlagInEnvironment, FlagView } from '~/domain/flags'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { useRefusal } from '~/ui/shell/member'
import { PageFrame } from '~/ui/shell/page-frame'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** All flags, and where each is on: staging first, then production. */
export function Flags() {
  const flags = trpc.flags.list.useQuery()
  return (
    <PageFrame title="Flags">
      {flags.isError && flags.data === undefined ? (
        <Notice tone="bad" role="alert">
          {readWireError(flags.error).message}
        </Notice>
      ) : flags.data === undefined ? (
        <RowsSkeleton what="the flags" />
      ) : flags.data.length === 0 ? (
        <p className="rounded-md border border-line bg-panel px-4 py-6 text-ink-soft">
          feature_flags.yaml declares no flags.
        </p>
      ) : (
        <ul className="flex flex-col gap-3">
          {flags.data.map((flag) => (
            <FlagCard key={flag.name} flag={flag} />
          ))}
        </ul>
      )}
    </PageFrame>
  )
}

/** One flag: what it gates, and its state in staging and production. */
function FlagCard({ flag }: { readonly flag: FlagView }) {
  const utils = trpc.useUtils()
  // Also after a refusal, since somebody else may have changed the flag.
  const settled = { onSettled: () => utils.flags.list.invalidate() }
  const promote = trpc.flags.promote.useMutation(settled)
  const demote = trpc.flags.demote.useMutation(settled)
  const error = promote.error ?? demote.error
  const change = (environment: FlagInEnvironment['environment'], to: 'promote' | 'demote') => {
    promote.reset()
    demote.reset()
    ;(to === 'promote' ? promote : demote).mutate({ flag: flag.name, environment })
  }
  return (
    <li data-flag={flag.name} className="rounded-md border border-line bg-panel">
      <div className="px-4 py-3">
        <h2 className="font-mono text-[0.8125rem] font-semibold wrap-anywhere">{flag.name}</h2>
        <p className="mt-1 max-w-prose text-sm text-pretty text-ink-soft">{flag.gates}</p>
        <p className="mt-1 text-xs text-ink-faint">Default: {flag.default ? 'on' : 'off'}</p>
        {flag.forced !== null && (
          <div className="mt-2">
            <Notice tone="warn">
              The environment variable {flag.name} forces this flag {flag.forced ? 'on' : 'off'} everywhere. Promotions
              are kept and apply again when the variable is removed.
            </Notice>
          </div>
        )}
        {error !== null && (
          <div className="mt-2">
            <Notice tone="bad" role="alert">
              {readWireError(error).message}
            </Notice>
          </div>
        )}
      </div>
      <div className="flex flex-wrap divide-line border-t border-line max-sm:divide-y sm:divide-x">
        {flag.environments.map((state) => (
          <FlagSwitch
            key={state.environment}
            flag={flag.name}
            state={state}
            busy={promote.isPending || demote.isPending}
            onChange={(to) => change(state.environment, to)}
          />
        ))}
      </div>
    </li>
  )
}

interface FlagSwitchProps {
  readonly flag: string
  readonly state: FlagInEnvironment
  readonly busy: boolean
  readonly onChange: (change: 'promote' | 'demote') => void
}

/** One flag in one environment: its state, since when and by whom, and the button that changes it. */
function FlagSwitch({ flag, state, busy, onChange }: FlagSwitchProps) {
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
          'Never promoted; the default applies.'
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
