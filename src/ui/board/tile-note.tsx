import type { DeploySummary } from '~/domain/deploy'
import { refLabel } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface'
import { thirdRow } from '~/ui/board/third-row'
import { HeldFor } from '~/ui/freezes/held-for'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface TileNoteProps {
  readonly tile: SurfaceTile
  readonly running: DeploySummary | null
}

/** Beside the button: what holds the surface where no row was left to say so, else who ships what, else the surface's id. */
export function TileNote({ tile, running }: TileNoteProps) {
  const [freeze] = tile.freezes
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-xs text-ink-faint">
      {freeze !== undefined && thirdRow(tile, running) !== 'freeze' ? (
        <>
          <span className="sr-only">{freeze.kind}: </span>
          <HeldFor freeze={freeze} />
        </>
      ) : running === null ? (
        <span title={`${tile.repository}, ${tile.workflow}`} className="truncate font-mono">
          {tile.id}
        </span>
      ) : (
        <span className="truncate">
          <ForeignText text={running.ref === running.sha ? running.ref.slice(0, 7) : refLabel(running.ref)} /> ·{' '}
          <ForeignText text={running.requestedBy} />
        </span>
      )}
    </span>
  )
}
