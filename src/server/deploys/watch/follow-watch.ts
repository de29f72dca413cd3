import 'server-only'
import { ARMED_ACTOR, hasTurned, WATCH_STATES } from '~/domain/deploy/watch'
import {
  type Failure,
  failingProbes,
  isFailing,
  judgeFailing,
  noteWatched,
  refuseStart,
  type WatchedProbe,
} from '~/domain/surface/failing-probes'
import { lastHealthyWith, readHealthyVersions } from '~/domain/surface/healthy-versions'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { queueDeliveries } from '~/server/deliveries/deliveries'
import {
  type Disarmed,
  disarmWatches,
  endOfWatch,
  modeOf,
  type WatchRow,
  watchSelect,
} from '~/server/deploys/deploy-watch'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'
import { addJob } from '~/server/platform/jobs.sql'
import { declaredColumns, digestDeclaration } from '~/server/surfaces/declare/declarations'
import { type RunningRow, readRunning } from '~/server/surfaces/surfaces.sql'

/** The surface as it was read before it was asked. */
interface WatchedSurface {
  readonly id: string
  readonly lastDeploy: {
    readonly id: string
    readonly sha: string | null
    readonly status: string
    readonly finishedAt: Date | null
    readonly watch: Pick<WatchRow, 'state' | 'failing' | 'until' | 'minutes'> | null
  } | null
}

type WatchDeps = Pick<Deps, 'db' | 'databaseNow' | 'logger'>

/**
 * Follows the watch of the surface's last deploy after each probe (docs/adr/060). The watch begins with the first healthy answer that reports
 * the deploy's commit. Of several workers, one acts: under the deploy's row lock, and the database lets a watch turn only once.
 */
export async function followWatch(
  deps: WatchDeps,
  { id: surfaceId, lastDeploy }: WatchedSurface,
  probe: WatchedProbe,
): Promise<void> {
  if (lastDeploy === null || lastDeploy.watch === null) return
  const { id: deployId, sha, status, finishedAt, watch } = lastDeploy
  if (watch.state !== 'armed' && watch.state !== 'watching') return
  // Most probes of an armed surface follow a deploy that goes on, failed, or succeeded long ago.
  if (status !== 'succeeded' || finishedAt === null || probe.at >= endOfWatch(finishedAt, watch)) return
  const isQuiet = probe.health === 'healthy' && (probe.sha === null || probe.sha === sha) && watch.failing === null
  if (watch.state === 'watching' ? isQuiet : probe.sha !== sha && watch.failing === null) return
  const turned = await deps.db.$transaction(async (tx) => {
    await lockDeploy(tx, deployId)
    return advanceWatch(tx, { surfaceId, deployId, at: await deps.databaseNow(tx) }, probe)
  })
  if (turned !== null)
    deps.logger.warn({ surface: surfaceId, deployId, turned }, 'a surface turned unhealthy after a deploy')
}

interface Watched {
  readonly surfaceId: string
  readonly deployId: string
  /** The time of the database. */
  readonly at: Date
}

/** Returns the state to which the watch turned; null if it did not. */
async function advanceWatch(tx: DatabaseHandle, watched: Watched, probe: WatchedProbe): Promise<string | null> {
  const { surfaceId, deployId, at } = watched
  const deploy = await tx.deploy.findUniqueOrThrow({ where: { id: deployId }, select: deploySelect })
  const { watch, sha, finishedAt, surface } = deploy
  const isProven = deploy.status === 'succeeded' && deploy.shipped === 'yes' && surface.lastDeployId === deployId
  if (watch === null || sha === null || finishedAt === null || !isProven) return null
  if (watch.state !== 'armed' && watch.state !== 'watching') return null
  const until = endOfWatch(finishedAt, watch)
  if (at >= until || probe.at <= finishedAt) return null
  const because = await whyDisarmed(tx, watched, { surface, watch, sha }, probe)
  if (because !== null) {
    await disarmWatches(tx, { surfaceId, deployId }, { because, actor: 'console', at })
    return null
  }
  if (watch.state === 'armed' && probe.health === 'healthy' && probe.sha === sha) {
    await beginWatch(tx, watched, { watch, until })
    return null
  }
  const before = failingProbes.safeParse(watch.failing).data ?? null
  // Another probe was recorded meanwhile. A healthy answer counts nevertheless.
  const isNewest = probe.follows !== null && surface.healthCheckedAt?.getTime() === probe.at.getTime()
  if (isFailing(probe) && !isNewest) return null
  const failing = noteWatched(before, probe, { sha, now: at })
  const failure = judgeFailing(failing, { mode: modeOf(watch.mode), wasHealthy: watch.healthyAt !== null })
  if (failure !== null && (!failure.unreached || (await hasHeardOthers(tx, surfaceId, failure.beforeLast)))) {
    const running = (await readRunning(tx, [surfaceId])).get(surfaceId)
    // What fails is proven to be the deploy.
    if (running?.runs === sha) return turn(tx, watched, { deploy: { ...deploy, sha, watch }, until, failure, running })
  }
  if (failing !== null || before !== null)
    await tx.deployWatch.updateMany({ where: { deployId }, data: { failing: failing ?? Prisma.DbNull } })
  return null
}

const deploySelect = {
  sha: true,
  status: true,
  shipped: true,
  requestedAt: true,
  finishedAt: true,
  surface: { select: { ...declaredColumns, lastDeployId: true, healthCheckedAt: true, healthyVersions: true } },
  watch: { select: watchSelect },
} satisfies Prisma.DeploySelect
type WatchedDeploy = Prisma.DeployGetPayload<{ select: typeof deploySelect }>

/** Why what the surface answers says nothing about the deploy any more; null if it still does. */
async function whyDisarmed(
  tx: DatabaseHandle,
  watched: Watched,
  {
    surface,
    watch,
    sha,
  }: { readonly surface: WatchedDeploy['surface']; readonly watch: WatchRow; readonly sha: string },
  probe: WatchedProbe,
): Promise<Disarmed | null> {
  if (digestDeclaration(surface) !== watch.declaration) return 'declaration_changed'
  // Right after a deploy, the version before may still answer.
  const isOther = watch.state === 'watching' && probe.health === 'healthy' && probe.sha !== null && probe.sha !== sha
  if (isOther) return 'other_version'
  return (await isLocked(tx, watched)) ? 'locked' : null
}

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
  { watch, until }: { readonly watch: WatchRow; readonly until: Date },
): Promise<void> {
  const data = { state: 'watching', healthyAt: at, until, failing: Prisma.DbNull }
  await tx.deployWatch.updateMany({ where: { deployId, state: 'armed' }, data })
  await appendAuditEvent(
    tx,
    { actor: 'console', at, deployId, surfaceId },
    {
      action: 'console.rollback.watched',
      status: null,
      payload: { mode: modeOf(watch.mode), healthy_at: at.toISOString(), until: until.toISOString() },
    },
  )
}

/** Offers the rollback to people, or records the intent to start it, which a queued job does. */
async function turn(
  tx: DatabaseHandle,
  { surfaceId, deployId, at }: Watched,
  facts: {
    readonly deploy: WatchedDeploy & { readonly sha: string; readonly watch: WatchRow }
    readonly until: Date
    readonly failure: Failure
    readonly running: RunningRow
  },
): Promise<string> {
  const { deploy, until, failure } = facts
  const { watch, requestedAt } = deploy
  const target = await findTarget(tx, surfaceId, facts)
  const isAuto = modeOf(watch.mode) === 'auto'
  const wasHealthy = watch.healthyAt !== null
  const reason = isAuto ? refuseStart({ failure, target, requestedAt, wasHealthy }) : null
  const state = isAuto && reason === null ? 'starting' : 'offered'
  await tx.deployWatch.update({
    where: { deployId },
    data: {
      state,
      until,
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
async function findTarget(
  tx: DatabaseHandle,
  surfaceId: string,
  { deploy, running }: { readonly deploy: WatchedDeploy & { readonly sha: string }; readonly running: RunningRow },
) {
  const { lastGood } = running
  if (lastGood === null || lastGood.sha === deploy.sha) return null
  const { deployId, sha } = lastGood
  const healthyAt = lastHealthyWith(readHealthyVersions(deploy.surface.healthyVersions), sha)
  const before = await tx.deployWatch.findFirst({
    where: { surfaceId, deploy: { sha }, state: { in: WATCH_STATES.filter(hasTurned) } },
    select: { deployId: true },
  })
  return { deployId, sha, healthyAt: healthyAt === null ? null : new Date(healthyAt), hasTurned: before !== null }
}
