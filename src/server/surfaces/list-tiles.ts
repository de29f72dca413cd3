import 'server-only'
import { isTerminal } from '~/domain/deploy-status'
import { phasesOf, type Transition } from '~/domain/phases'
import { HEALTH_STATES, type HealthState, type SurfaceTile } from '~/domain/surface'
import { readTransitions } from '~/server/db/audit'
import { listSurfaces, type SurfaceRow } from '~/server/db/surfaces'
import type { Deps } from '~/server/deps'
import { commitUrl } from '~/server/github/web-urls'

/** The grid: two queries however many surfaces there are and however long their history is. */
export async function listTiles(deps: Pick<Deps, 'db' | 'config'>): Promise<SurfaceTile[]> {
  const surfaces = await listSurfaces(deps.db)
  const deployIds = surfaces.flatMap((surface) => (surface.lastDeploy === null ? [] : [surface.lastDeploy.id]))
  const transitions = await readTransitions(deps.db, deployIds)
  return surfaces.map((surface) => tileOf(surface, transitions, deps.config.githubApiUrl))
}

function tileOf(
  surface: SurfaceRow,
  transitions: ReadonlyMap<string, readonly Transition[]>,
  githubApiUrl: string,
): SurfaceTile {
  const { id, name, environment, repository, workflow, ref, url, confirm, lastDeploy } = surface
  return {
    id,
    name,
    environment,
    repository,
    workflow,
    ref,
    url,
    confirm,
    health: {
      state: healthState(surface.health),
      detail: surface.healthDetail,
      checkedAt: surface.healthCheckedAt?.toISOString() ?? null,
    },
    version:
      surface.runningSha === null || surface.runningSeenAt === null
        ? null
        : {
            sha: surface.runningSha,
            url: commitUrl(githubApiUrl, repository, surface.runningSha),
            seenAt: surface.runningSeenAt.toISOString(),
            behindBy: surface.behindBy,
          },
    lastDeploy:
      lastDeploy === null
        ? null
        : {
            id: lastDeploy.id,
            status: lastDeploy.status,
            terminal: isTerminal(lastDeploy.status),
            phases: phasesOf({ ...lastDeploy, transitions: transitions.get(lastDeploy.id) ?? [] }),
            failureStage: lastDeploy.failureStage,
            ref: lastDeploy.ref,
            sha: lastDeploy.sha,
            requestedBy: lastDeploy.requestedBy,
            requestedAt: lastDeploy.requestedAt.toISOString(),
            finishedAt: lastDeploy.finishedAt?.toISOString() ?? null,
          },
  }
}

/** A state this version does not know is one it cannot vouch for. */
const healthState = (stored: string): HealthState => HEALTH_STATES.find((known) => known === stored) ?? 'unknown'
