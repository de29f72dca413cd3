import Link from 'next/link'
import { explainHold } from '~/domain/deploy/account'
import { RETURN_VERB } from '~/domain/deploy/source'
import type { DeploySummary } from '~/domain/deploy/view'
import { refLabel } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { thirdRow } from '~/ui/board/third-row'
import { HeldByVariable, HeldFor } from '~/ui/freezes/held-for'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { useRefusal } from '~/ui/shell/member'
import { wayBack, wayBackAddress } from '~/ui/surfaces/way-back'
import { exactUtc } from '~/ui/time/relative-time'

interface TileNoteProps {
  readonly tile: SurfaceTile
  readonly running: DeploySummary | null
  readonly tab: 0 | -1
}

/** Beside the button: the way back from what is wrong, what holds or freezes the surface where no row was left to say so, else who ships what, else the surface's id. */
export function TileNote({ tile, running, tab }: TileNoteProps) {
  const [freeze] = tile.freezes
  const back = wayBack(tile)
  const mayDeploy = useRefusal('deploy.dispatch', tile.environment) === null
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-xs text-ink-faint">
      {tile.archived ? (
        <span className="truncate font-medium text-warn">left surfaces.yaml</span>
      ) : back !== null && mayDeploy ? (
        <Link
          href={wayBackAddress(tile.id, back)}
          tabIndex={tab}
          title={`Deployed ${exactUtc(back.finishedAt)}`}
          className="relative truncate text-ink-soft underline decoration-line underline-offset-[3px] hover:decoration-current"
        >
          {RETURN_VERB} <span className="font-mono">{back.sha.slice(0, 7)}</span>
        </Link>
      ) : tile.held !== null && thirdRow(tile, running) !== 'held' ? (
        <span className="truncate text-warn" title={explainHold(tile.name, tile.held.runId)}>
          {tile.held.runId === null ? 'held: no run was seen' : `held by run ${tile.held.runId}`}
        </span>
      ) : tile.deployFreeze !== null && thirdRow(tile, running) !== 'freeze' ? (
        <>
          <span className="sr-only">frozen: </span>
          <HeldByVariable repository={tile.repository} freeze={tile.deployFreeze} />
        </>
      ) : freeze !== undefined && thirdRow(tile, running) !== 'freeze' ? (
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
