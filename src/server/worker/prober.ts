import 'server-only'
import { type DeployStatus, isTerminal } from '~/domain/deploy-status'
import { listSurfaces, type SurfaceRow } from '~/server/db/surfaces'
import type { Deps } from '~/server/deps'
import { probeSurface } from '~/server/surfaces/probe-surface'

/** A quiet surface is asked this often; one that is being shipped to or was just now, at every pass. */
const QUIET_MS = 30_000
const JUST_ENDED_MS = 60_000
/** At once: many surfaces must not hold up who is waiting for an answer, nor a few that hang hold up the others. */
const AT_ONCE = 16

/** One pass over the surfaces that are due. A failing surface never stops the others. */
export async function probeDueSurfaces(deps: Deps): Promise<void> {
  const now = deps.now()
  const due = (await listSurfaces(deps.db)).filter((surface) => isDue(surface, now)).values()
  const lane = async () => {
    for (const surface of due) {
      await probeSurface(deps, surface).catch((err: unknown) => {
        deps.logger.warn({ surface: surface.id, err }, 'a surface could not be probed')
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

/** Nothing is shipped yet, so nothing about the surface changes because of the deploy. */
const BEFORE_SHIPPING: ReadonlySet<string> = new Set<DeployStatus>([
  'requested',
  'dispatched',
  'smoke_gate_started',
  'smoke_gate_passed',
  'freeze_check_started',
  'freeze_check_passed',
])

function isDue({ lastDeploy, healthCheckedAt }: SurfaceRow, now: Date): boolean {
  const since = (at: Date | null) => (at === null ? Number.POSITIVE_INFINITY : now.getTime() - at.getTime())
  const moving =
    lastDeploy !== null &&
    (isTerminal(lastDeploy.status)
      ? since(lastDeploy.finishedAt) < JUST_ENDED_MS
      : !BEFORE_SHIPPING.has(lastDeploy.status))
  return moving || since(healthCheckedAt) >= QUIET_MS
}
