'use client'

import { FlagCard } from '~/ui/flags/flag-card'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/rows-skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** What is switched on where: staging first, then production. */
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
          feature_flags.yaml declares no flag.
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
