import { isSameService } from '~/domain/surface/service'
import type { SurfaceTile } from '~/domain/surface/tile'

/** A service in its environments, in the order in which a version passes through them: production last. */
export interface Lane {
  readonly name: string
  readonly repository: string
  readonly surfaces: readonly SurfaceTile[]
}

const RANK: readonly string[] = ['staging', 'production']

const byOrder = (a: SurfaceTile, b: SurfaceTile) =>
  RANK.indexOf(a.environment) - RANK.indexOf(b.environment) || a.environment.localeCompare(b.environment)

/** Every service that has more than one environment, in the order of its first surface. */
export function lanesOf(tiles: readonly SurfaceTile[]): readonly Lane[] {
  const declared = tiles.filter(({ archived }) => !archived)
  const first = declared.filter((tile, index) => declared.findIndex((other) => isSameService(other, tile)) === index)
  return first.flatMap((one) => {
    const surfaces = declared.filter((other) => isSameService(other, one)).toSorted(byOrder)
    if (new Set(surfaces.map(({ environment }) => environment)).size < 2) return []
    return [{ name: one.service ?? (surfaces.at(-1) ?? one).name, repository: one.repository, surfaces }]
  })
}

/**
 * How many more commits of the default ref `from` runs than `to`: negative for fewer, null if that is not known. Known if both were
 * compared with the same commit of the same ref, at the same time, and neither has commits of its own.
 */
export function leadOf(from: SurfaceTile, to: SurfaceTile): number | null {
  const [a, b] = [from.version, to.version]
  if (a === null || b === null) return null
  if (a.sha === b.sha) return 0
  const isComparable =
    from.ref === to.ref &&
    from.paths.join() === to.paths.join() &&
    a.comparedAt !== null &&
    a.comparedAt === b.comparedAt
  if (!isComparable || a.aheadBy !== 0 || b.aheadBy !== 0 || a.behindBy === null || b.behindBy === null) return null
  return b.behindBy - a.behindBy
}

/** "6 ahead", "same version", "distance unknown". */
export function leadWords(from: SurfaceTile, to: SurfaceTile): string {
  const lead = leadOf(from, to)
  if (lead === null) return 'distance unknown'
  if (lead !== 0) return lead > 0 ? `${lead} ahead` : `${-lead} behind`
  // With `paths`, two commits may hold the same commits that count.
  return from.version?.sha === to.version?.sha ? 'same version' : 'no commit apart'
}
