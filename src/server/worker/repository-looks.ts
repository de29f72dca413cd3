import 'server-only'
import { hash } from 'node:crypto'
import { isTerminal } from '~/domain/deploy/status'
import { isLookDue, type Look } from '~/domain/github/look-pace'
import type { WebhookSubject } from '~/domain/github/webhook-hearing'
import type { Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'
import { readLooks } from '~/server/surfaces/follow/repository-looks'
import { listSurfaces, type SurfaceRow } from '~/server/surfaces/surfaces'
import { readHearings } from '~/server/webhooks/webhook-hearings.sql'

/** Each look with its job, the webhooks that tell of it, and the surfaces it is for. No webhook tells of a variable: the runs' stand for it. */
const LOOKS = [
  { look: 'runs', task: 'find_outside_runs', subject: 'runs', isFor: () => true },
  { look: 'refs', task: 'measure_distance', subject: 'refs', isFor: ({ runningSha }) => runningSha !== null },
  {
    look: 'freeze',
    task: 'read_deploy_freeze',
    subject: 'runs',
    isFor: ({ environment }) => environment === 'production',
  },
] as const satisfies readonly {
  readonly look: Look
  readonly task: string
  readonly subject: WebhookSubject
  readonly isFor: (surface: SurfaceRow) => boolean
}[]

/** A look that fails is tried again this often, with growing pauses; then the next one is due. */
const ATTEMPTS = 5

/**
 * Queues the looks at repositories that are due: a job each, for whichever worker is free. One that waits already, as a
 * webhook asked for it, stays the only one.
 */
export async function queueLooks(
  deps: Pick<Deps, 'db' | 'github' | 'now' | 'config'>,
  { dueOnly }: { readonly dueOnly: boolean },
): Promise<void> {
  const now = deps.now()
  if (deps.github.budget.pausedUntil(now, 'background') !== null) return
  const surfaces = await listSurfaces(deps.db)
  const isHearing = deps.config.githubWebhookSecrets.length > 0
  for (const { look, task, subject, isFor } of LOOKS) {
    const [looks, hearings] = await Promise.all([readLooks(deps.db, look), readHearings(deps.db, subject)])
    const sought = surfaces.filter(isFor)
    for (const repository of new Set(sought.map((surface) => surface.repository.toLowerCase()))) {
      const isDeploying = sought.some(
        ({ repository: of, lastDeploy }) =>
          of.toLowerCase() === repository && lastDeploy !== null && !isTerminal(lastDeploy.status),
      )
      const hearing = isHearing ? (hearings.get(repository) ?? null) : null
      if (
        dueOnly &&
        !isLookDue(look, looks.get(repository) ?? null, { hearing, isDeploying, now, late: lateOf(repository) })
      )
        continue
      await addJob(
        deps.db,
        { task, payload: { repository } },
        { maxAttempts: ATTEMPTS, keepRunAt: true, lowPriority: true },
      )
    }
  }
}

/** As good as random, and the same for every process. */
const lateOf = (repository: string) => Number.parseInt(hash('sha256', repository).slice(0, 8), 16) / 2 ** 32
