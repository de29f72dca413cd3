import type { SurfaceTile } from '~/domain/surface/tile'
import { isWrong } from '~/ui/status/health-badge'

/** The version to offer for a rollback, if the surface has a problem and another deploy may start; null otherwise. */
export function wayBack(tile: SurfaceTile): SurfaceTile['lastGood'] {
  const { lastDeploy, lastGood } = tile
  if (!isSurfaceFree(tile)) return null
  const isAdvised = lastDeploy?.actions.includes('roll_back') === true
  return isWrong(tile) || tile.alarm !== null || isAdvised ? lastGood : null
}

/** Whether the surface is free for another deploy. */
export const isSurfaceFree = ({ archived, held, lastDeploy }: SurfaceTile): boolean =>
  !archived && held === null && lastDeploy?.terminal !== false

export const wayBackAddress = (surfaceId: string, back: NonNullable<SurfaceTile['lastGood']>) => ({
  pathname: '/',
  query: { surface: surfaceId, ref: back.sha, rollback: back.deployId },
})
