'use client'

import { type HeardSubject, isSilent, type WebhookState } from '~/domain/github/webhook-hearing'
import { HealthSection, useHealthRefetch } from '~/ui/health/health-section'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'

const HEAD = 'px-2 py-2 sm:px-4 text-left text-xs font-medium text-ink-faint'
const CELL = 'px-2 py-2.5 align-top sm:px-4'

/** Whether webhooks arrive, by repository. */
export function WebhookHearing() {
  const query = trpc.health.webhooks.useQuery(undefined, { refetchInterval: useHealthRefetch() })
  return (
    <HealthSection id="webhooks" title="Webhooks of GitHub" what="the webhooks" query={query}>
      {(state) => (
        <>
          <Summary state={state} />
          {state.configured && state.repositories.length > 0 && <Repositories state={state} />}
        </>
      )}
    </HealthSection>
  )
}

function Summary({ state }: { readonly state: WebhookState }) {
  const silent = state.repositories.filter(isSilent)
  if (!state.configured) {
    return (
      <Notice tone="plain">
        Webhooks are not configured. The console polls GitHub instead, so changes appear later and use more requests. To
        configure webhooks, set <code>GITHUB_WEBHOOK_SECRET</code> and follow docs/webhooks.md.
      </Notice>
    )
  }
  return (
    <div className="mb-3 flex flex-col gap-3">
      {silent.length > 0 && (
        <Notice tone="warn" role="status">
          Webhooks are silent: GitHub lists activity that no webhook reported. The console polls GitHub until the next
          webhook arrives. Check the webhook’s recent deliveries on GitHub.
        </Notice>
      )}
      <p className="max-w-prose text-sm text-pretty text-ink-soft">
        Payload URL: <span className="font-mono text-[0.8125rem] wrap-anywhere text-ink">{state.url}</span>
      </p>
      {state.appHeardAt !== null && (
        <p className="text-sm text-ink-soft">
          A GitHub App’s ping, which names no repository, was received <TimeAgo at={state.appHeardAt} />.
        </p>
      )}
    </div>
  )
}

function Repositories({ state }: { readonly state: WebhookState }) {
  return (
    <div className="overflow-hidden rounded-md border border-line bg-panel">
      <table className="w-full table-auto border-collapse text-sm">
        <caption className="sr-only">Events received, by repository</caption>
        <thead>
          <tr>
            <th scope="col" className={`${HEAD} max-sm:w-2/5`}>
              Repository
            </th>
            <th scope="col" className={HEAD}>
              Runs
            </th>
            <th scope="col" className={HEAD}>
              Pushes
            </th>
            <th scope="col" className={`${HEAD} max-sm:hidden`}>
              Last webhook
            </th>
          </tr>
        </thead>
        <tbody>
          {state.repositories.map(({ repository, runs, refs, last }) => (
            <tr key={repository} data-repository={repository} className="border-t border-line">
              <th scope="row" className={`${CELL} text-left font-medium wrap-anywhere`}>
                <ForeignText text={repository} />
              </th>
              <td className={CELL}>
                <Heard subject={runs} />
              </td>
              <td className={CELL}>
                <Heard subject={refs} />
              </td>
              <td className={`${CELL} text-ink-soft max-sm:hidden`}>
                {last === null ? (
                  'None'
                ) : (
                  <>
                    <span className="font-mono text-[0.8125rem]">{last.event}</span> <TimeAgo at={last.at} />
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Heard({ subject: { state, heardAt, untoldAt } }: { readonly subject: HeardSubject }) {
  if (state === 'unheard' || heardAt === null) return <span className="text-ink-faint">Not heard yet</span>
  if (state === 'heard' || untoldAt === null) {
    return (
      <span className="text-ink-soft">
        Heard <TimeAgo at={heardAt} />
      </span>
    )
  }
  return (
    <span>
      <span className="font-medium text-warn">Silent</span>
      <span className="block text-xs text-ink-soft">
        Heard <TimeAgo at={heardAt} />, activity <TimeAgo at={untoldAt} />
      </span>
    </span>
  )
}
