import 'server-only'
import { ARMED_ACTOR, hasTurned, WATCH_STATES } from '~/domain/deploy/watch'
import {
  type Failure,
  failingProbes,
  judgeFailing,
  noteWatched,
  refuseStart,
  type WatchedProbe,
} from '~/domain/surface/failing-probes'
import { lastHealthyWith, readHealthyVersions } from '~/domain/surface/healthy-versions'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { queueDeliveries } from '~/server/deliveries/deliveries'
import { disarmWatches, endOfWatch, modeOf, type WatchRow, watchSelect } from '~/server/deploys/deploy-watch'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'
import { addJob } from '~/server/platform/jobs.sql'
import { readRunning } from '~/server/surfaces/surfaces.sql'

/** The surface as it was read before it was asked. */
interface WatchedSurface {
  readonly id: string
  readonly lastDeploy: {
    readonly id: string
    readonly status: string
    readonly finishedAt: Date | null
    readonly watch: Pick<WatchRow, 'state' | 'failing' | 'minutes'> | null
  } | null
}

/**
 * Follows the watch of the surface's last deploy after each probe (docs/adr/060). The watch begins with the first healthy answer that reports
 * the deploy's commit. Of several workers, one acts: under the deploy's row lock, and the database lets a watch turn only once.
 */
export async function followWatch(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  { id: surfaceId, lastDeploy }: WatchedSurface,
  probe: WatchedProbe,
): Promise<void> {
  if (lastDeploy === null || lastDeploy.watch === null) return
  const { id: deployId, status, finishedAt, watch } = lastDeploy
  // Most probes of an armed surface follow a deploy that goes on, failed, or succeeded long ago.
  if (status !== 'succeeded' || finishedAt === null || probe.at >= endOfWatch(finishedAt, watch.minutes)) return
  const isQuiet = probe.health === 'healthy' && watch.failing === null
  if (watch.state === 'armed' ? probe.health !== 'healthy' : watch.state !== 'watching' || isQuiet) return
  const turned = await deps.db.$transaction(async (tx) => {
    await lockDeploy(tx, deployId)
    return advanceWatch(tx, { surfaceId, deployId, at: deps.now() }, probe)
  })
  if (turned !== null)
    deps.logger.warn({ surface: surfaceId, deployId, turned }, 'a surface turned unhealthy after a deploy')
}

interface Watched {
  readonly surfaceId: string
  readonly deployId: string
  readonly at: Date
}

/** Returns the state to which the watch turned; null if it did not. */
async function advanceWatch(tx: DatabaseHandle, watched: Watched, probe: WatchedProbe): Promise<string | null> {
  const { surfaceId, deployId, at } = watched
  const deploy = await tx.deploy.findUniqueOrThrow({ where: { id: deployId }, select: deploySelect })
  const { watch, sha, finishedAt } = deploy
  const isProven = deploy.status === 'succeeded' && deploy.shipped === 'yes' && deploy.surface.lastDeployId === deployId
  if (watch === null || sha === null || finishedAt === null || !isProven) return null
  const until = watch.until ?? endOfWatch(finishedAt, watch.minutes)
  if (probe.at >= until) return null
  if (await isLocked(tx, watched)) {
    await disarmWatches(tx, { surfaceId, deployId }, { because: 'locked', actor: 'console', at })
    return null
  }
  if (watch.state === 'armed') {
    const isSeen = probe.health === 'healthy' && probe.sha === sha && probe.at > finishedAt
    if (isSeen) await beginWatch(tx, watched, { watch, until, healthyAt: probe.at })
    return null
  }
  if (watch.state !== 'watching' || watch.healthyAt === null || probe.at <= watch.healthyAt) return null
  const failing = noteWatched(failingProbes.safeParse(watch.failing).data ?? null, probe, sha)
  const failure = judgeFailing(failing, modeOf(watch.mode))
  if (failure === null || (failure.unreached && !(await hasHeardOthers(tx, surfaceId, failure.since)))) {
    await tx.deployWatch.updateMany({ where: { deployId }, data: { failing: failing ?? Prisma.DbNull } })
    return null
  }
  return turn(tx, watched, {
    watch,
    failure,
    requestedAt: deploy.requestedAt,
    versions: deploy.surface.healthyVersions,
  })
}

const deploySelect = {
  sha: true,
  status: true,
  shipped: true,
  requestedAt: true,
  finishedAt: true,
  surface: { select: { lastDeployId: true, healthyVersions: true } },
  watch: { select: watchSelect },
} satisfies Prisma.DeploySelect

/** Somebody has the surface in hand. The lock that the deploy itself set, as a rollback, is no reason. */
async function isLocked(tx: DatabaseHandle, { surfaceId, deployId, at }: Watched): Promise<boolean> {
  const lock = await tx.freeze.findFirst({
    where: {
      surfaceId,
      kind: 'lock',
      liftedAt: null,
      replaced: false,
      startsAt: { lte: at },
      AND: [
        { OR: [{ endsAt: null }, { endsAt: { gt: at } }] },
        { OR: [{ rollbackDeployId: null }, { rollbackDeployId: { not: deployId } }] },
      ],
    },
    select: { id: true },
  })
  return lock !== null
}

/** Whether another surface answered since then. If none did, the console itself may be cut off. */
async function hasHeardOthers(tx: DatabaseHandle, surfaceId: string, since: Date): Promise<boolean> {
  const other = await tx.surface.findFirst({
    where: { id: { not: surfaceId }, health: { in: ['healthy', 'unhealthy'] }, healthCheckedAt: { gte: since } },
    select: { id: true },
  })
  return other !== null
}

async function beginWatch(
  tx: DatabaseHandle,
  { surfaceId, deployId, at }: Watched,
  { watch, until, healthyAt }: { readonly watch: WatchRow; readonly until: Date; readonly healthyAt: Date },
): Promise<void> {
  const data = { state: 'watching', healthyAt, until }
  await tx.deployWatch.updateMany({ where: { deployId, state: 'armed' }, data })
  await appendAuditEvent(
    tx,
    { actor: 'console', at, deployId, surfaceId },
    {
      action: 'console.rollback.watched',
      status: null,
      payload: { mode: modeOf(watch.mode), healthy_at: healthyAt.toISOString(), until: until.toISOString() },
    },
  )
}

/** Offers the rollback to people, or records the intent to start it, which a queued job does. */
async function turn(
  tx: DatabaseHandle,
  { surfaceId, deployId, at }: Watched,
  facts: {
    readonly watch: WatchRow
    readonly failure: Failure
    readonly requestedAt: Date
    readonly versions: Prisma.JsonValue
  },
): Promise<string> {
  const { watch, failure, requestedAt } = facts
  const target = await findTarget(tx, surfaceId, facts.versions)
  const isAuto = modeOf(watch.mode) === 'auto'
  const reason = isAuto ? refuseStart({ failure, target, requestedAt }) : null
  const state = isAuto && reason === null ? 'starting' : 'offered'
  await tx.deployWatch.update({
    where: { deployId },
    data: {
      state,
      turnedAt: failure.since,
      detail: failure.detail,
      reason,
      ...(target === null
        ? {}
        : { targetId: target.deployId, targetSha: target.sha, targetHealthyAt: target.healthyAt }),
    },
    select: { deployId: true },
  })
  const payload = {
    detail: failure.detail,
    since: failure.since.toISOString(),
    probes: failure.probes,
    proven: failure.isProven,
    ...(target === null ? {} : { to_deploy_id: target.deployId, to_sha: target.sha }),
    ...(reason === null ? {} : { reason }),
  }
  const isStarting = state === 'starting'
  const action = isStarting ? 'console.rollback.armed' : 'console.rollback.offered'
  const actor = isStarting ? ARMED_ACTOR : 'console'
  await appendAuditEvent(tx, { actor, at, deployId, surfaceId }, { action, status: null, payload })
  if (isStarting) await addJob(tx, { task: 'start_armed_rollback', payload: { deployId } })
  else await queueDeliveries(tx, deployId, at, 'unhealthy')
  return state
}

/** The newest deploy that is proven to have shipped another commit than the one that runs. */
async function findTarget(tx: DatabaseHandle, surfaceId: string, versions: Prisma.JsonValue) {
  const lastGood = (await readRunning(tx, [surfaceId])).get(surfaceId)?.lastGood ?? null
  if (lastGood === null) return null
  const { deployId, sha } = lastGood
  const healthyAt = lastHealthyWith(readHealthyVersions(versions), sha)
  const before = await tx.deployWatch.findFirst({
    where: { surfaceId, deploy: { sha }, state: { in: WATCH_STATES.filter(hasTurned) } },
    select: { deployId: true },
  })
  return { deployId, sha, healthyAt: healthyAt === null ? null : new Date(healthyAt), hasTurned: before !== null }
}
