import 'server-only'
import { isRollback } from '~/domain/deploy/source'
import type { Deps } from '~/server/deps'
import { comparisonOf, nullIfUnavailable } from '~/server/github/recent-reads'
import { readRunning } from '~/server/surfaces/surfaces.sql'

/**
 * Whether a commit is proven to be behind the one that the surface runs: it removes commits and adds none. False while the running version is
 * unknown, or GitHub does not answer.
 */
export async function proveRollback(
  deps: Pick<Deps, 'db' | 'github'>,
  surface: { readonly id: string; readonly repository: string },
  sha: string,
): Promise<boolean> {
  const runs = (await readRunning(deps.db, [surface.id])).get(surface.id)?.runs ?? null
  if (runs === null) return false
  return isRollback(await nullIfUnavailable(comparisonOf(deps.github, surface.repository, runs, sha)))
}
