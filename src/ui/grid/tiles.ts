import type { DeploySummary } from '~/domain/deploy/view'
import type { SurfaceTile } from '~/domain/surface/tile'
import { healthWord, isWrong } from '~/ui/status/health-badge'

export const TILE_COLUMNS = 'grid grid-cols-[repeat(auto-fill,minmax(min(100%,17.5rem),1fr))] gap-3'

export interface Group {
  readonly environment: string
  readonly tiles: readonly SurfaceTile[]
}

const RANK: readonly string[] = ['production', 'staging']

const rankOf = (environment: string) => {
  const rank = RANK.indexOf(environment)
  return rank === -1 ? RANK.length : rank
}

/** Production first, staging second, any other environment after them by name; tiles keep the order they came in. */
export function groupByEnvironment(tiles: readonly SurfaceTile[]): readonly Group[] {
  const environments = [...new Set(tiles.map((tile) => tile.environment))]
  return environments
    .toSorted((a, b) => rankOf(a) - rankOf(b) || a.localeCompare(b))
    .map((environment) => ({ environment, tiles: tiles.filter((tile) => tile.environment === environment) }))
}

/**
 * Every typed word must occur in the tile's name, id, environment, repository, health, status, or in "frozen" or
 * "locked".
 */
export function matchesFilter(tile: SurfaceTile, filter: string): boolean {
  const { id, name, environment, repository, health, lastDeploy, freezes, deployFreeze } = tile
  const held = [...freezes.map(({ kind }) => kind), ...(deployFreeze === null ? [] : ['frozen'])]
  const text = [id, name, environment, repository, health.state, lastDeploy?.status ?? '', ...held]
    .join(' ')
    .toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** The surface's problem in one word; null if none is known. */
export function tileProblem(tile: SurfaceTile): string | null {
  if (isWrong(tile)) return healthWord(tile.health.state).toLowerCase()
  return tile.alarm === null ? null : 'alarm'
}

export interface RunningTile {
  readonly tile: SurfaceTile
  readonly deploy: DeploySummary
}

export function runningTiles(tiles: readonly SurfaceTile[]): readonly RunningTile[] {
  return tiles.flatMap((tile) =>
    tile.lastDeploy === null || tile.lastDeploy.terminal ? [] : [{ tile, deploy: tile.lastDeploy }],
  )
}

/** Whether another surface has the same name. Teams often give both environments' surfaces one name. */
export function hasNamesake(tile: SurfaceTile, tiles: readonly SurfaceTile[]): boolean {
  return tiles.some((other) => other.id !== tile.id && other.name === tile.name)
}
