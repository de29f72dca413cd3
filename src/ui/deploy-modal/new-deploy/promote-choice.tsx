import { isSameService } from '~/domain/surface/service'
import type { SurfaceTile } from '~/domain/surface/tile'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Sha } from '~/ui/primitives/sha'

/**
 * Surfaces of the same service in another environment that report their version. If the counts show that a version is
 * behind the one that runs here, it is not offered: that is not a promotion.
 */
export function promotableTo(surface: SurfaceTile | undefined, tiles: readonly SurfaceTile[]): SurfaceTile[] {
  if (surface?.environment !== 'production') return []
  return tiles.filter(
    (other) =>
      other.environment !== surface.environment &&
      isSameService(other, surface) &&
      other.version !== null &&
      other.version.sha !== surface.version?.sha &&
      !isBehind(other.version, surface.version),
  )
}

type Version = SurfaceTile['version']

const isBehind = (version: Version, runs: Version): boolean =>
  version?.aheadBy === 0 && runs?.aheadBy === 0 && (version.behindBy ?? 0) > (runs.behindBy ?? Number.POSITIVE_INFINITY)

interface PromoteChoiceProps {
  readonly from: readonly SurfaceTile[]
  readonly onPromote: (sha: string, surfaceId: string) => void
}

/** Offers to ship the version that another environment runs. */
export function PromoteChoice({ from, onPromote }: PromoteChoiceProps) {
  if (from.length === 0) return null
  return (
    <ul aria-label="Promote" className="mt-2 flex flex-wrap gap-2">
      {from.map(({ id, name, environment, version }) =>
        version === null ? null : (
          <li key={id}>
            <Button onClick={() => onPromote(version.sha, id)}>
              Promote what <ForeignText text={name} /> <ForeignText text={environment} /> runs <Sha sha={version.sha} />
            </Button>
          </li>
        ),
      )}
    </ul>
  )
}
