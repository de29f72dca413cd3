import 'server-only'
import { isTerminal } from '~/domain/deploy/status'
import { listDeploysOfRun } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { addJob, type Job } from '~/server/platform/jobs.sql'
import { listSurfacesOf } from '~/server/surfaces/surfaces'
import type { WebhookEvent } from '~/server/webhooks/read-event'
import { NO_REPOSITORY, recordHearing } from '~/server/webhooks/webhook-hearings.sql'

/** What GitHub shows among a webhook's recent deliveries. */
export type Followed =
  | { readonly event: string; readonly looks: number; readonly missing?: readonly string[] }
  | { readonly dropped: string }

/** A burst of events (GitHub sends a dozen for one run) arrives within this time, and is one look. */
const BURST_MS = 1_000
/** A deploy is looked at this often at most, however many events tell of it: a look costs two or three requests. */
const LOOKED_MS = 5_000

/** What there is to look at in a repository. */
const REPOSITORY_LOOKS = ['find_outside_runs', 'measure_distance', 'read_deploy_freeze'] as const
/** A look that fails is tried again this often, with growing pauses: the next event, or the schedule, asks for another. */
const ATTEMPTS = 5

type Following = Pick<Deps, 'db' | 'now'>
type NamedSurface = Awaited<ReturnType<typeof listSurfacesOf>>[number]

interface Sought {
  readonly job: Job
  readonly lastLookedAt: Date | null
}

/**
 * Turns an event into jobs that look, one per subject: however many events tell of it, one job waits. Nothing of the event is
 * taken for true. An event about nothing a surface names is dropped.
 */
export async function followEvent(deps: Following, event: WebhookEvent | null): Promise<Followed> {
  if (event === null) return { dropped: 'The console has no use for this event.' }
  const at = deps.now()
  const { name, subjects, missing } = event
  const surfaces = await listSurfacesOf(deps.db, event.repositories)
  const named = [...new Set(surfaces.map(({ repository }) => repository.toLowerCase()))]
  const heard = name === 'ping' && event.repositories.length === 0 ? [NO_REPOSITORY] : named
  const sought = await seek(deps, event, surfaces)
  if (heard.length === 0 && sought.length === 0) return { dropped: 'No surface names this repository.' }
  await deps.db.$transaction(async (tx) => {
    for (const repository of heard) await recordHearing(tx, { repository, subjects, event: name, at })
    for (const { job, lastLookedAt } of sought) {
      const next = Math.max(at.getTime() + BURST_MS, (lastLookedAt?.getTime() ?? 0) + LOOKED_MS)
      await addJob(tx, job, { runAt: new Date(next), keepRunAt: true, maxAttempts: ATTEMPTS })
    }
  })
  return { event: name, looks: sought.length, ...(missing === undefined ? {} : { missing }) }
}

async function seek(deps: Following, { look }: WebhookEvent, surfaces: readonly NamedSurface[]): Promise<Sought[]> {
  if (look === null) return []
  if (look.at === 'repository') return REPOSITORY_LOOKS.flatMap((task) => lookAt(task, surfaces))
  if (look.at === 'ref')
    return lookAt(
      'measure_distance',
      surfaces.filter((surface) => isDefaultRef(surface, look.ref)),
    )
  const known = look.runId === null ? [] : await listDeploysOfRun(deps.db, look.runId)
  if (known.length > 0 || !look.unknownToo) return known.map(reconcile)
  const shipped = surfaces.filter(({ workflow }) => look.workflow === null || workflow === look.workflow)
  return [...shipped.flatMap(awaitingRun), ...lookAt('find_outside_runs', shipped)]
}

/** A default ref may be declared by its short name, which a tag may have too. */
const isDefaultRef = ({ ref }: NamedSurface, pushed: string): boolean =>
  [ref, `refs/heads/${ref}`, `refs/tags/${ref}`].includes(pushed)

/** The run may be the one that a deploy of the surface still waits for. */
const awaitingRun = ({ lastDeploy }: NamedSurface): Sought[] =>
  lastDeploy === null || isTerminal(lastDeploy.status) || lastDeploy.githubRunId !== null ? [] : [reconcile(lastDeploy)]

const reconcile = ({ id, lastLookedAt }: { readonly id: string; readonly lastLookedAt: Date | null }): Sought => ({
  job: { task: 'reconcile_deploy', payload: { deployId: id } },
  lastLookedAt,
})

const lookAt = (task: (typeof REPOSITORY_LOOKS)[number], surfaces: readonly NamedSurface[]): Sought[] =>
  [...new Set(surfaces.map(({ repository }) => repository.toLowerCase()))].map((repository) => ({
    job: { task, payload: { repository } },
    lastLookedAt: null,
  }))
