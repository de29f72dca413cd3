import type { DeploySummary } from '~/domain/deploy/view'
import type { SurfaceTile } from '~/domain/surface/tile'
import { isWrong } from '~/ui/status/health-badge'

/**
 * A tile has three rows, whatever happens: what runs, what was or is shipped, and the one of these that matters most now. A
 * tile that grew while a deploy goes on would move a button from under a pointer.
 */
export function thirdRow(
  tile: SurfaceTile,
  running: DeploySummary | null,
): 'alarm' | 'held' | 'health' | 'outside' | 'drift' | 'freeze' | null {
  if (tile.alarm !== null) return 'alarm'
  if (tile.held !== null) return 'held'
  if (isWrong(tile) && tile.health.detail !== null) return 'health'
  // While a deploy of the console runs too, its phases stand where the outside run would.
  if (running !== null && tile.outsideRun !== null) return 'outside'
  if (isDrift(tile)) return 'drift'
  return tile.freezes.length > 0 || tile.deployFreeze !== null ? 'freeze' : null
}

/** Whether it runs what no deploy of this console shipped, although there was one. */
export const isDrift = ({ version, lastDeploy }: SurfaceTile): boolean =>
  version !== null && !version.shippedHere && lastDeploy !== null
