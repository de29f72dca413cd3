import 'server-only'
import { Webhooks } from '@octokit/webhooks'
import { z } from 'zod'
import { isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { listDeploysOfRun } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { limitAddress, limitUnsigned } from '~/server/platform/http/rate-limits'
import { parseJson, readBoundedBody } from '~/server/platform/http/read-body'
import { addJob, type Job } from '~/server/platform/jobs.sql'
import { listSurfacesOf } from '~/server/surfaces/surfaces'
import { knownEventName, readEvent, type WebhookEvent } from '~/server/webhooks/read-event'
import { NO_REPOSITORY, recordHearing } from '~/server/webhooks/webhook-hearings.sql'

/** GitHub sends up to 25 MB. A larger body is a push of hundreds of commits, which the next scheduled look finds anyway. */
const BODY_LIMIT = 1024 * 1024

/**
 * `POST /api/github/webhooks`. An event only says where to look, so a forged, late, repeated or reordered event costs a look and changes
 * nothing. The checks run in this order: configured → size → signature → media type → JSON → schema of the event.
 */
export async function receiveWebhook(deps: Deps, request: Request): Promise<Response> {
  const name = request.headers.get('x-github-event') ?? ''
  const count = (outcome: string) => deps.metrics.webhooks.inc({ event: knownEventName(name), outcome })
  try {
    const secrets = deps.config.githubWebhookSecrets
    if (secrets.length === 0) {
      limitAddress(deps, request)
      throw new AppError(
        'address_unknown',
        'This console does not accept webhooks. Nothing was read. Set GITHUB_WEBHOOK_SECRET to accept them.',
      )
    }
    const raw = await readBoundedBody(request, BODY_LIMIT)
    if (!(await isSigned(secrets, raw, request.headers.get('x-hub-signature-256') ?? ''))) {
      limitUnsigned(deps, request)
      throw new AppError(
        'signature_invalid',
        'The signature is missing or wrong. Nothing was read. Compare the secret of the webhook with GITHUB_WEBHOOK_SECRET.',
      )
    }
    refuseForms(request)
    const event = readEvent(name, parseJson(raw, z.unknown()))
    const answer = await followEvent(deps, event)
    count('dropped' in answer ? 'dropped' : 'followed')
    return Response.json(answer, { status: 202, headers: { 'cache-control': 'no-store' } })
  } catch (thrown) {
    const error = toAppError(thrown)
    count(error.code)
    logAppError(deps.logger, error, { path: '/api/github/webhooks' })
    return problemResponse(error)
  }
}

/** Always tries every secret. The library verifies text, so the signature of a body with invalid UTF-8 does not match. */
async function isSigned(secrets: readonly string[], raw: Buffer, signature: string): Promise<boolean> {
  const text = raw.toString('utf8')
  if (signature === '' || text === '') return false
  const held = await Promise.all(secrets.map((secret) => new Webhooks({ secret }).verify(text, signature)))
  return held.includes(true)
}

/** GitHub sends a new webhook as a form by default. */
function refuseForms({ headers }: Request): void {
  if (/^application\/json\b/i.test(headers.get('content-type') ?? '')) return
  throw new AppError(
    'media_type_refused',
    'The webhook is not sent as JSON. Nothing was read. Set its content type to application/json.',
  )
}

/** The answer, which GitHub shows among a webhook's recent deliveries. */
export type Followed =
  | { readonly event: string; readonly looks: number; readonly missing?: readonly string[] }
  | { readonly dropped: string }

/** GitHub sends about a dozen events for one run within this time. They cause one look. */
const BURST_MS = 1_000
/** The shortest time between two looks at a deploy. A look costs two or three requests. */
const LOOKED_MS = 5_000

/** The jobs that look at a whole repository. */
const REPOSITORY_LOOKS = ['find_outside_runs', 'measure_distance', 'read_deploy_freeze'] as const
/** A failed look is retried this often, with growing pauses. The next event or the schedule queues another look anyway. */
const ATTEMPTS = 5

type Following = Pick<Deps, 'db' | 'now'>
type NamedSurface = Awaited<ReturnType<typeof listSurfacesOf>>[number]

interface QueuedLook {
  readonly job: Job
  readonly lastLookedAt: Date | null
}

/**
 * Queues the looks that an event asks for, at most one waiting job per subject. The content of an event is never evidence. An event about
 * a repository that no surface names is dropped.
 */
async function followEvent(deps: Following, event: WebhookEvent | null): Promise<Followed> {
  if (event === null) return { dropped: 'The console does not use this event.' }
  const at = deps.now()
  const { name, subjects, missing } = event
  const surfaces = await listSurfacesOf(deps.db, event.repositories)
  const named = [...new Set(surfaces.map(({ repository }) => repository.toLowerCase()))]
  const heard = name === 'ping' && event.repositories.length === 0 ? [NO_REPOSITORY] : named
  const looks = await findLooks(deps, event, surfaces)
  if (heard.length === 0 && looks.length === 0) return { dropped: 'No surface names this repository.' }
  await deps.db.$transaction(async (tx) => {
    for (const repository of heard) await recordHearing(tx, { repository, subjects, event: name, at })
    for (const { job, lastLookedAt } of looks) {
      const next = Math.max(at.getTime() + BURST_MS, (lastLookedAt?.getTime() ?? 0) + LOOKED_MS)
      await addJob(tx, job, { runAt: new Date(next), keepRunAt: true, maxAttempts: ATTEMPTS })
    }
  })
  return { event: name, looks: looks.length, ...(missing === undefined ? {} : { missing }) }
}

async function findLooks(
  deps: Following,
  { look }: WebhookEvent,
  surfaces: readonly NamedSurface[],
): Promise<QueuedLook[]> {
  if (look === null) return []
  if (look.at === 'repository') return REPOSITORY_LOOKS.flatMap((task) => lookAt(task, surfaces))
  if (look.at === 'ref')
    return lookAt(
      'measure_distance',
      surfaces.filter((surface) => isDefaultRef(surface, look.ref)),
    )
  const known = look.runId === null ? [] : await listDeploysOfRun(deps.db, look.runId)
  if (known.length > 0 || !look.includesUnknownRuns) return known.map(reconcile)
  const shipped = surfaces.filter(({ workflow }) => look.workflow === null || workflow === look.workflow)
  return [...shipped.flatMap(awaitingRun), ...lookAt('find_outside_runs', shipped)]
}

/** A default ref may be declared by its short name, which may be a branch or a tag. */
const isDefaultRef = ({ ref }: NamedSurface, pushed: string): boolean =>
  [ref, `refs/heads/${ref}`, `refs/tags/${ref}`].includes(pushed)

/** A new run may belong to a deploy that still waits for its run. */
const awaitingRun = ({ lastDeploy }: NamedSurface): QueuedLook[] =>
  lastDeploy === null || isTerminal(lastDeploy.status) || lastDeploy.githubRunId !== null ? [] : [reconcile(lastDeploy)]

const reconcile = ({ id, lastLookedAt }: { readonly id: string; readonly lastLookedAt: Date | null }): QueuedLook => ({
  job: { task: 'reconcile_deploy', payload: { deployId: id } },
  lastLookedAt,
})

const lookAt = (task: (typeof REPOSITORY_LOOKS)[number], surfaces: readonly NamedSurface[]): QueuedLook[] =>
  [...new Set(surfaces.map(({ repository }) => repository.toLowerCase()))].map((repository) => ({
    job: { task, payload: { repository } },
    lastLookedAt: null,
  }))
