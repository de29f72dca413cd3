import { UserRoundCheck } from 'lucide-react'
import { requesterWords } from '~/domain/actor'
import type { SurfaceTile } from '~/domain/surface/tile'
import { hasNamesake } from '~/ui/grid/tiles'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { useSeenTitle } from '~/ui/time/stopped-clock'
import { TimeAgo } from '~/ui/time/time-ago'

interface ApprovalStripProps {
  readonly tiles: readonly SurfaceTile[]
  readonly onOpen: (approvalId: string) => void
}

/**
 * Requests that wait for approval. Shown only if a surface requires approval, and then always one line, so that nothing
 * moves.
 */
export function ApprovalStrip({ tiles, onOpen }: ApprovalStripProps) {
  const seen = useSeenTitle()
  if (!tiles.some(({ requiresApproval, waiting }) => requiresApproval || waiting !== null)) return null
  const waiting = tiles.filter((tile) => tile.waiting !== null)
  return (
    <section
      aria-label="Approvals"
      title={seen}
      data-waiting={waiting.length}
      className={`mt-2 flex h-11 items-center gap-x-2 rounded-md border px-4 text-sm ${waiting.length === 0 ? 'border-line bg-panel' : 'border-accent/40 bg-accent-wash'}`}
    >
      {waiting.length === 0 ? (
        <p className="min-w-0 flex-1 truncate text-ink-faint">No deploy is waiting for approval</p>
      ) : (
        <>
          <UserRoundCheck aria-hidden="true" className="size-3.5 shrink-0 text-ink-soft" />
          <p className="shrink-0 font-medium max-sm:sr-only">Waiting for approval</p>
          <ul className="-mx-1 flex min-w-0 flex-1 items-center gap-2 overflow-x-auto px-1">
            {waiting.map((tile) =>
              tile.waiting === null ? null : (
                <li key={tile.id} className="max-w-full shrink-0">
                  <button
                    type="button"
                    onClick={() => tile.waiting !== null && onOpen(tile.waiting.approvalId)}
                    className="block max-w-full truncate rounded-[5px] border border-line bg-panel px-2.5 py-1 hover:border-control"
                  >
                    <span className="font-medium">
                      <ForeignText text={tile.name} />
                    </span>
                    <span className={hasNamesake(tile, tiles) ? 'text-ink-faint' : 'sr-only'}>
                      {' '}
                      <ForeignText text={tile.environment} />
                    </span>
                    <span className="text-ink-soft">
                      <span className="max-sm:sr-only"> · {requesterWords(tile.waiting)}</span> · expires{' '}
                      <TimeAgo at={tile.waiting.expiresAt} />
                    </span>
                  </button>
                </li>
              ),
            )}
          </ul>
        </>
      )}
      <PageLink
        href="/approvals"
        className={`shrink-0 text-ink-soft ${LINK} ${waiting.length === 0 ? '' : 'max-sm:hidden'}`}
      >
        Approvals
      </PageLink>
    </section>
  )
}
