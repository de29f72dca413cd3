import type { FlagInEnvironment, FlagView } from '~/domain/flags'
import { FlagSwitch } from '~/ui/flags/flag-switch'
import { Notice } from '~/ui/primitives/notice'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** One flag: what it gates, and where it stands on its way from staging to production. */
export function FlagCard({ flag }: { readonly flag: FlagView }) {
  const utils = trpc.useUtils()
  // Also after a refusal: it may be that somebody else was faster, and what is shown is old.
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
              The environment variable {flag.name} forces it {flag.forced ? 'on' : 'off'} everywhere. Promotions are
              kept, and count again when the variable is gone.
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
