import type { SurfaceTile } from '~/domain/surface/tile'
import { isWrong } from '~/ui/status/health-badge'

/**
 * The version to return to, if the surface has a problem or runs what no deploy of this console shipped, and another deploy may start;
 * null otherwise.
 */
export function wayBack(tile: SurfaceTile): SurfaceTile['lastGood'] {
  const { lastDeploy, lastGood } = tile
  if (!isSurfaceFree(tile)) return null
  const isAdvised = lastDeploy?.actions.includes('roll_back') === true
  return isWrong(tile) || tile.alarm !== null || isAdvised || isForeign(tile) ? lastGood : null
}

/** Whether the surface runs a version that no deploy of this console shipped, although the console has deployed to it. */
export const isForeign = ({ version, lastDeploy }: SurfaceTile): boolean =>
  version !== null && !version.shippedHere && lastDeploy !== null

/** Whether the surface is free for another deploy. */
export const isSurfaceFree = ({ archived, held, lastDeploy }: SurfaceTile): boolean =>
  !archived && held === null && lastDeploy?.terminal !== false

export const wayBackAddress = (surfaceId: string, back: NonNullable<SurfaceTile['lastGood']>) => ({
  pathname: '/',
  query: { surface: surfaceId, ref: back.sha, rollback: back.deployId },
})

/** Where a surface is locked. */
export const lockAddress = (surfaceId: string): string => `/freezes?lock=${encodeURIComponent(surfaceId)}`
