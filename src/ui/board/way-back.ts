import type { SurfaceTile } from '~/domain/surface'
import { isWrong } from '~/ui/status/health-badge'

/** The version to offer a return to: only where something is wrong, and nothing is under way. Null otherwise. */
export function wayBack(tile: SurfaceTile): SurfaceTile['lastGood'] {
  const { lastDeploy, lastGood, archived } = tile
  if (archived || lastDeploy?.terminal === false) return null
  const isAdvised = lastDeploy?.actions.includes('roll_back') === true
  return isWrong(tile) || tile.alarm !== null || isAdvised ? lastGood : null
}

export const wayBackAddress = (surfaceId: string, back: NonNullable<SurfaceTile['lastGood']>) => ({
  pathname: '/',
  query: { surface: surfaceId, ref: back.sha, rollback: back.deployId },
})
