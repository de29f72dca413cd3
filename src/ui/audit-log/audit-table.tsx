import type { AuditEntry } from '~/domain/audit/log'
import { AuditRow } from '~/ui/audit-log/audit-row'

const HEAD = 'px-2 py-2 text-left text-xs font-medium text-ink-faint'

export function AuditTable({ entries }: { readonly entries: readonly AuditEntry[] }) {
  return (
    <div className="overflow-hidden rounded-md border border-line bg-panel">
      <table className="w-full table-auto border-collapse text-sm">
        <caption className="sr-only">Audit trail, newest first</caption>
        <thead>
          <tr>
            <th scope="col" className={`${HEAD} sm:w-32 sm:pl-7`}>
              When
            </th>
            <th scope="col" className={HEAD}>
              Action
            </th>
            <th scope="col" className={`${HEAD} max-sm:hidden`}>
              Status
            </th>
            <th scope="col" className={HEAD}>
              Actor
            </th>
            <th scope="col" className={`${HEAD} max-md:hidden`}>
              Surface
            </th>
            <th scope="col" className={`${HEAD} max-md:hidden`}>
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
