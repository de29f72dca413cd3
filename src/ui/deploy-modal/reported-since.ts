import type { DeployView } from '~/domain/deploy'
import type { SurfaceTile } from '~/domain/surface'

/** The version the surface itself has reported since this deploy ended, unless a later deploy may have changed it. */
export function reportedSince(
  deploy: Pick<DeployView, 'id' | 'finishedAt' | 'surface'>,
  tiles: readonly SurfaceTile[],
): string | null {
  const tile = tiles.find(({ id }) => id === deploy.surface.id)
  if (deploy.finishedAt === null || tile?.lastDeploy?.id !== deploy.id || tile.version === null) return null
  return Date.parse(tile.version.seenAt) > Date.parse(deploy.finishedAt) ? tile.version.sha : null
}
