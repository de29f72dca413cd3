import 'server-only'
import { z } from 'zod'
import type { AuditEvent } from '~/domain/audit/event'
import { HEALTH_CHECK_STATUS } from '~/domain/deploy/status'
import { noteHealthy, readHealthyVersions } from '~/domain/surface/healthy-versions'
import type { HealthState } from '~/domain/surface/tile'
import { awaitsCommit, deployedVersion, readReportedVersion } from '~/domain/surface/version'
import { appendAuditEvent, hasAuditEvent } from '~/server/audit/append-audit'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import { followWatch } from '~/server/deploys/watch/follow-watch'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'
import { concludeHealthCheck } from '~/server/surfaces/probe/conclude-health-check'
import { readVersion } from '~/server/surfaces/probe/read-version'
import { knownVersion, recordProbe, type SurfaceRow, versionSourceOf } from '~/server/surfaces/surfaces'

const PROBE_TIMEOUT_MS = 5_000
const BODY_LIMIT = 16 * 1024

interface Sighting {
  readonly health: HealthState
  readonly detail: string | null
  /** What the surface says that it runs; null if it says nothing. */
  readonly reported: string | null
  /** False: no answer within the time limit of a probe. */
  readonly answered: boolean
  /** The status of the health address; null: no answer. */
  readonly httpStatus: number | null
  /** The answers of the two addresses; null: there was none. */
  readonly answers: { readonly health: Answer | null; readonly version: Answer | null }
}

interface Answer {
  readonly response: Response
  /** The start of the body. */
  readonly text: string
}

/** Asks a surface for its health and version, and records the answer. */
export async function probeSurface(
  deps: Pick<Deps, 'db' | 'logger' | 'now' | 'databaseNow'>,
  surface: SurfaceRow,
): Promise<{ readonly answered: boolean }> {
  const askedAt = deps.now()
  const { reported, health, detail, httpStatus, answered } = await askSurface(deps, surface)
  const sighting = { health, detail, answered }
  const known = knownVersion(surface)
  const version =
    reported === null
      ? null
      : readReportedVersion(reported, {
          is: versionSourceOf(surface)?.is ?? 'commit',
          known,
          deployed: surface.lastDeploy === null ? null : deployedVersion(surface.lastDeploy),
        })
  const versionChanged = version !== null && (version.name !== known.name || version.sha !== known.sha)
  const { runningSeenAt, healthCheckedAt } = surface
  const healthyVersions = noteHealthy(
    readHealthyVersions(surface.healthyVersions),
    {
      health: surface.health,
      // The health and the version of one answer.
      sha: runningSeenAt?.getTime() === healthCheckedAt?.getTime() ? surface.runningSha : null,
      at: healthCheckedAt,
    },
    { health, sha: version?.sha ?? null },
  )
  const recorded = { ...sighting, version, versionChanged, healthyVersions, at: askedAt }
  const isNext = await recordProbe(deps.db, surface, recorded)
  const payload = { repository: surface.repository.toLowerCase() }
  if (versionChanged) await addJob(deps.db, { task: 'measure_distance', payload }, { keepRunAt: true })
  const isChecked = surface.lastDeploy?.status === HEALTH_CHECK_STATUS && surface.lastDeploy.probeSeconds !== null
  if (isChecked && version !== null && awaitsCommit(version))
    await addJob(deps.db, { task: 'resolve_versions', payload }, { keepRunAt: true })
  if (version !== null && version.sha !== null)
    await compareWithDeploy(deps, surface, { sha: version.sha, at: askedAt })
  await concludeHealthCheck(deps, surface, { ...sighting, version, askedAt })
  const answer = { at: askedAt, health, detail, httpStatus, sha: version?.sha ?? null }
  await followWatch(deps, surface, { ...answer, follows: isNext ? healthCheckedAt : null })
  return sighting
}

/** How long a surface may report its previous version after a deploy has succeeded. */
const GRACE_MS = 2 * 60_000

/** After this time, another version is more likely a later change than a defect of the deploy. The tile shows what runs. */
const NEWS_MS = 24 * 60 * 60_000

/**
 * Compares the reported version with the last deploy, once the deploy has succeeded. The first report of its commit is recorded. A report
 * of another commit raises an alarm, once, unless the deploy's commit was reported before.
 */
async function compareWithDeploy(
  deps: Pick<Deps, 'db'>,
  surface: SurfaceRow,
  running: { readonly sha: string; readonly at: Date },
): Promise<void> {
  const { lastDeploy, runningSha: before, runningSeenAt: beforeAt, outsideRunAt } = surface
  if (lastDeploy?.status !== 'succeeded' || lastDeploy.sha === null || lastDeploy.finishedAt === null) return
  const { id: deployId, sha, finishedAt } = lastDeploy
  if (running.at <= finishedAt) return
  const matches = running.sha === sha
  if (!matches) {
    const seenTwice = before !== null && before !== sha && beforeAt !== null && beforeAt > finishedAt
    const shippedSince = outsideRunAt !== null && outsideRunAt > finishedAt
    const since = running.at.getTime() - finishedAt.getTime()
    if (!seenTwice || shippedSince || since < GRACE_MS || since > NEWS_MS) return
  }
  const seen_at = running.at.toISOString()
  const event: AuditEvent = matches
    ? { action: 'console.deploy.version_seen', status: null, payload: { sha, seen_at } }
    : {
        action: 'console.deploy.other_version_runs',
        status: null,
        payload: { sha, running_sha: running.sha, seen_at },
      }
  const isKnown = async (db: DatabaseHandle) =>
    (await hasAuditEvent(db, deployId, 'console.deploy.version_seen')) ||
    (await hasAuditEvent(db, deployId, event.action))
  if (await isKnown(deps.db)) return
  await deps.db.$transaction(async (tx) => {
    // The commit may have changed since the surface was read: the run may be one of a ref that moved.
    if ((await lockDeploy(tx, deployId))?.sha !== sha || (await isKnown(tx))) return
    await appendAuditEvent(tx, { actor: 'console', at: running.at, deployId, surfaceId: surface.id }, event)
  })
}

/** The health address is asked for the version too, unless the surface declares another address for it. */
export async function askSurface(
  { logger }: Pick<Deps, 'logger'>,
  surface: Pick<SurfaceRow, 'id' | 'healthUrl' | 'versionSource'>,
): Promise<Sighting> {
  const source = versionSourceOf(surface)
  const versionUrl = source?.url ?? surface.healthUrl
  const health = ask(surface.healthUrl)
  const [healthAnswer, versionAnswer] = await Promise.all([
    health,
    versionUrl === surface.healthUrl ? health : ask(versionUrl),
  ])
  const given = (answer: Asked) => ('error' in answer ? null : answer)
  return {
    ...judgeHealth(healthAnswer),
    reported: versionOf(versionAnswer),
    answers: { health: given(healthAnswer), version: given(versionAnswer) },
  }

  function versionOf(answer: Asked): string | null {
    // A failing surface may still say what it runs, but the error page of another address is not about the version.
    if ('error' in answer || (versionUrl !== surface.healthUrl && !answer.response.ok)) return null
    try {
      return readVersion(source, { headers: answer.response.headers, text: answer.text })
    } catch (err) {
      logger.warn({ surface: surface.id, err }, 'the regular expression of `version.text` takes too long')
      return null
    }
  }
}

type Asked = Answer | { readonly error: unknown }

async function ask(url: string): Promise<Asked> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      headers: { accept: 'application/json, */*;q=0.8', 'user-agent': 'deploy-console' },
      redirect: 'manual',
    })
    return { response, text: await boundedText(response) }
  } catch (error) {
    return { error }
  }
}

function judgeHealth(answer: Asked): Pick<Sighting, 'health' | 'detail' | 'httpStatus' | 'answered'> {
  if ('error' in answer)
    return {
      health: 'unreachable',
      detail: whyUnreachable(answer.error),
      httpStatus: null,
      answered: !isTimeout(answer.error),
    }
  const { ok, status } = answer.response
  return ok
    ? { health: 'healthy', detail: null, httpStatus: status, answered: true }
    : { health: 'unhealthy', detail: `answers HTTP ${status}`, httpStatus: status, answered: true }
}

const isTimeout = (error: unknown) => error instanceof Error && error.name === 'TimeoutError'

const connectionFailure = z.object({ cause: z.object({ code: z.string() }) })

const CONNECTION_FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the connection',
  ECONNRESET: 'closes the connection',
  ENOTFOUND: 'its host name does not resolve',
  EAI_AGAIN: 'its host name cannot be looked up right now',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

/** Describes a failed connection, or gives the system's error code. */
function whyUnreachable(error: unknown): string {
  if (isTimeout(error)) return `no answer within ${PROBE_TIMEOUT_MS / 1000} s`
  const code = connectionFailure.safeParse(error).data?.cause.code
  if (code === undefined) return 'cannot be reached'
  return CONNECTION_FAILURES[code] ?? `cannot be reached (${code})`
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > BODY_LIMIT) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
