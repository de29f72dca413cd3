import type { SurfaceTile } from '~/domain/surface'
import { isWrong } from '~/ui/status/health-badge'

/** The version to offer a return to: only where something is wrong, and nothing is under way. Null otherwise. */
export function wayBack(tile: SurfaceTile): SurfaceTile['lastGood'] {
  const { lastDeploy, lastGood, archived } = tile
  if (archived || lastDeploy?.terminal === false) return null
  const mayHaveBroken = lastDeploy !== null && lastDeploy.status !== 'succeeded' && lastDeploy.shipped !== 'no'
  return isWrong(tile) || tile.alarm !== null || mayHaveBroken ? lastGood : null
}

export const wayBackAddress = (surfaceId: string, back: NonNullable<SurfaceTile['lastGood']>) => ({
  pathname: '/',
  query: { surface: surfaceId, ref: back.sha, rollback: back.deployId },
})
