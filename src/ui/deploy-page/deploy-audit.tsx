import { ChevronRight } from 'lucide-react'
import { useEffect, useState } from 'react'
import { AuditTable } from '~/ui/audit/audit-table'
import { LoadMore } from '~/ui/primitives/load-more'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface DeployAuditProps {
  readonly deployId: string
  /** The number of events on the timeline. A new one means new rows. */
  readonly events: number
}

/** The rows of the audit trail about this deploy, as they are stored. Read when somebody opens them. */
export function DeployAudit({ deployId, events }: DeployAuditProps) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <details className="group text-sm print:hidden" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary className="flex w-fit list-none items-center gap-1 rounded-[3px] font-semibold [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden="true" className="size-4 text-ink-faint group-open:rotate-90" />
        Audit rows
      </summary>
      {isOpen && <Rows deployId={deployId} events={events} />}
    </details>
  )
}

function Rows({ deployId, events }: DeployAuditProps) {
  const utils = trpc.useUtils()
  const filter = { deploy: deployId }
  const rows = trpc.audit.list.useInfiniteQuery(
    { filter },
    { getNextPageParam: (page) => page.nextCursor, refetchOnWindowFocus: false },
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when the timeline has grown.
  useEffect(() => void utils.audit.list.invalidate({ filter: { deploy: deployId } }), [events, deployId, utils])
  if (rows.data === undefined) {
    return rows.isError ? (
      <p role="alert" className="mt-1.5 text-bad">
        {readWireError(rows.error).message}
      </p>
    ) : (
      <RowsSkeleton what="the audit rows" />
    )
  }
  const entries = rows.data.pages.flatMap((page) => page.entries)
  return (
    <div className="mt-1.5">
      <AuditTable entries={entries} />
      <LoadMore
        count={entries.length}
        noun="row"
        more={rows.hasNextPage}
        loading={rows.isFetchingNextPage}
        failed={rows.isFetchNextPageError}
        onMore={() => void rows.fetchNextPage()}
      />
    </div>
  )
}
