import { ChevronRight } from 'lucide-react'
import { useId, useState } from 'react'
import type { AuditEntry } from '~/domain/audit/trail'
import { visible } from '~/domain/foreign-text'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { PageLink } from '~/ui/primitives/links'
import { exactUtc } from '~/ui/time/relative-time'
import { TimeAgo } from '~/ui/time/time-ago'

const HEAD = 'px-2 py-2 text-left text-xs font-medium text-ink-faint'

export function AuditTable({ entries }: { readonly entries: readonly AuditEntry[] }) {
  return (
    <div className="overflow-hidden rounded-md border border-line bg-panel print:overflow-visible print:border-0">
      <table className="w-full table-auto border-collapse text-sm">
        <caption className="sr-only">Audit trail, newest first</caption>
        <thead>
          <tr>
            <th scope="col" className={`${HEAD} sm:w-32 sm:pl-7 print:w-44 print:pl-2`}>
              When
            </th>
            <th scope="col" className={HEAD}>
              Action
            </th>
            <th scope="col" className={`${HEAD} max-sm:hidden print:table-cell`}>
              Status
            </th>
            <th scope="col" className={HEAD}>
              Actor
            </th>
            <th scope="col" className={`${HEAD} max-md:hidden print:table-cell`}>
              Surface
            </th>
            <th scope="col" className={`${HEAD} max-md:hidden print:table-cell`}>
              Deploy
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <AuditRow key={entry.id} entry={entry} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const CELL = 'px-2 py-1.5 align-top'

/** `console.deploy.callback` reads as "deploy callback"; the name itself is what the filter and the export use. */
const actionWords = (action: string) => action.replace(/^console\./, '').replaceAll(/[._]/g, ' ')

function DeployLink({ id }: { readonly id: string }) {
  return (
    <PageLink
      href={`/deploys/${id}`}
      title={id}
      className="font-mono text-[0.8125rem] underline decoration-control underline-offset-[3px] hover:decoration-current"
    >
      <span className="sr-only">Deploy </span>
      {id.slice(-8)}
    </PageLink>
  )
}

const payloadText = (payload: unknown) => JSON.stringify(payload, null, 2).split('\n').map(visible).join('\n')

/** One event. Opening it shows the stored payload. */
export function AuditRow({ entry }: { readonly entry: AuditEntry }) {
  const [open, setOpen] = useState(false)
  const detail = useId()
  const { action, actor, at, deployId, payload, status, surfaceId } = entry
  return (
    <>
      <tr data-audit={entry.id} className="border-t border-line">
        <td className={`${CELL} whitespace-nowrap`}>
          <button
            type="button"
            aria-expanded={open}
            aria-controls={detail}
            onClick={() => setOpen(!open)}
            className="flex items-center gap-1 text-left text-ink-soft"
          >
            <ChevronRight
              aria-hidden="true"
              className={`size-4 shrink-0 text-ink-faint transition-transform print:hidden ${open ? 'rotate-90' : ''}`}
            />
            <TimeAgo at={at} />
            <span className="sr-only">, payload of {actionWords(action)}</span>
          </button>
        </td>
        <td className={CELL} title={action}>
          {actionWords(action)}
        </td>
        <td className={`${CELL} text-ink-soft max-sm:hidden print:table-cell`}>{status}</td>
        <td className={`${CELL} text-ink-soft`}>
          <ForeignText text={actor} />
        </td>
        <td className={`${CELL} font-mono text-[0.8125rem] text-ink-soft max-md:hidden print:table-cell`}>
          {surfaceId !== null && <ForeignText text={surfaceId} />}
        </td>
        <td className={`${CELL} max-md:hidden print:table-cell`}>
          {deployId !== null && <DeployLink id={deployId} />}
        </td>
      </tr>
      <tr id={detail} hidden={!open}>
        <td colSpan={6} className="px-2 pb-3">
          <div className="rounded-[5px] bg-well px-3 py-2 sm:ml-5">
            <p className="flex flex-wrap gap-x-4 gap-y-0.5 text-xs text-ink-faint">
              <span>{exactUtc(at)}</span>
              <span>{action}</span>
              <span>#{entry.id}</span>
              <span className="sm:hidden">{status}</span>
              <span className="md:hidden">{surfaceId !== null && <ForeignText text={surfaceId} />}</span>
              {deployId !== null && (
                <span className="text-ink md:hidden">
                  <DeployLink id={deployId} />
                </span>
              )}
            </p>
            <pre className="mt-1.5 font-mono text-xs leading-5 wrap-anywhere whitespace-pre-wrap text-ink-soft">
              <bdi>{payloadText(payload)}</bdi>
            </pre>
          </div>
        </td>
      </tr>
    </>
  )
}
