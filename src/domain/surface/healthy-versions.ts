import { z } from 'zod'
import type { HealthState } from '~/domain/surface/tile'

/** A commit that the surface was seen running while it was healthy, and when last. */
const healthyVersions = z.array(z.object({ sha: z.string(), at: z.iso.datetime() }))
export type HealthyVersions = z.output<typeof healthyVersions>

/** Enough for the way back past a few bad deploys. */
const KEPT = 5

/** What another version of the console stored counts as nothing. */
export const readHealthyVersions = (stored: unknown): HealthyVersions => healthyVersions.safeParse(stored).data ?? []

interface Seen {
  readonly health: HealthState | (string & {})
  /** The commit that the surface reported in the same answer; null: it reported none, or its commit is unknown. */
  readonly sha: string | null
}

/**
 * The list after a probe; null if it does not change. A version is added when it stops being the healthy one, with the time of the last
 * healthy answer: a surface that stays healthy writes nothing.
 */
export function noteHealthy(
  known: HealthyVersions,
  before: Seen & { readonly at: Date | null },
  now: Seen,
): HealthyVersions | null {
  const { health, sha, at } = before
  if (health !== 'healthy' || sha === null || at === null) return null
  if (now.health === 'healthy' && now.sha === sha) return null
  return [{ sha, at: at.toISOString() }, ...known.filter((version) => version.sha !== sha)].slice(0, KEPT)
}

/** When the surface was last seen healthy with this commit; null if that is not on record. */
export const lastHealthyWith = (known: HealthyVersions, sha: string): string | null =>
  known.find((version) => version.sha === sha)?.at ?? null
