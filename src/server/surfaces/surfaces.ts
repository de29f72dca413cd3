import 'server-only'
import { TERMINAL_STATUSES } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import type { OutsideRun } from '~/domain/github/outside-run'
import type { HealthyVersions } from '~/domain/surface/healthy-versions'
import type { Checked } from '~/domain/surface/live'
import type { HealthState } from '~/domain/surface/tile'
import { type ReportedVersion, type VersionSource, versionProblem, versionSource } from '~/domain/surface/version'
import { reportSelect } from '~/server/deploys/deploy-report'
import { watchSelect } from '~/server/deploys/deploy-watch'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

/** Columns that a declaration and a tile have in common. */
export const declarationSelect = {
  id: true,
  name: true,
  environment: true,
  repository: true,
  workflow: true,
  service: true,
  ref: true,
  url: true,
  healthUrl: true,
  confirm: true,
  timeoutMinutes: true,
  position: true,
  requiresApproval: true,
  approvalMinutes: true,
  rollbackMode: true,
  watchMinutes: true,
  archivedAt: true,
} satisfies Prisma.SurfaceSelect

/** The ended deploy that still holds the surface. */
const holdingSelect = {
  id: true,
  githubRunId: true,
  lateRunId: true,
} satisfies Prisma.DeploySelect

const tileSelect = {
  ...declarationSelect,
  health: true,
  healthDetail: true,
  healthCheckedAt: true,
  runningSha: true,
  runningSeenAt: true,
  healthyVersions: true,
  paths: true,
  versionSource: true,
  reportedVersion: true,
  versionProblem: true,
  behindBy: true,
  aheadBy: true,
  behindCheckedAt: true,
  comparedSha: true,
  outsideRunId: true,
  outsideRunNumber: true,
  outsideRunActor: true,
  outsideRunAt: true,
  outsideRunState: true,
  outsideRunEnvironmentKnown: true,
  deployFreeze: true,
  deployFreezeReadAt: true,
  lastDeploy: {
    select: {
      ...reportSelect,
      id: true,
      ref: true,
      workflowRef: true,
      onMoved: true,
      sha: true,
      requestedBy: true,
      finishedAt: true,
      probeUntil: true,
      shipped: true,
      watch: { select: watchSelect },
      kind: true,
      queueContinuedAt: true,
      cancelRequestedAt: true,
    },
  },
  deploys: { where: { holdsSurface: true }, orderBy: { id: 'desc' }, take: 1, select: holdingSelect },
} satisfies Prisma.SurfaceSelect

export type SurfaceRow = Prisma.SurfaceGetPayload<{ select: typeof tileSelect }>

/** A declaration that this version cannot read counts as missing. */
export const versionSourceOf = (surface: Pick<SurfaceRow, 'versionSource'>): VersionSource | null =>
  versionSource.nullable().safeParse(surface.versionSource).data ?? null

/** What the surface reported last. */
export const knownVersion = (
  surface: Pick<SurfaceRow, 'reportedVersion' | 'runningSha' | 'versionProblem'>,
): ReportedVersion => ({
  name: surface.reportedVersion,
  sha: surface.runningSha,
  problem: surface.versionProblem === null ? null : versionProblem(surface.versionProblem),
})

export function findSurface(db: DatabaseHandle, id: string): Promise<SurfaceRow | null> {
  return db.surface.findUnique({ where: { id }, select: tileSelect })
}

/** Every declared surface with its newest deploy, in the order of the file. */
export function listSurfaces(db: DatabaseHandle): Promise<SurfaceRow[]> {
  return db.surface.findMany({ where: { archivedAt: null }, orderBy: { position: 'asc' }, select: tileSelect })
}

export function listSurfacesById(db: DatabaseHandle, ids: readonly string[]): Promise<SurfaceRow[]> {
  return db.surface.findMany({ where: { id: { in: [...ids] } }, select: tileSelect })
}

/** A deploy is in progress. */
const UNFINISHED = {
  lastDeploy: { is: { status: { notIn: [...TERMINAL_STATUSES] } } },
} as const satisfies Prisma.SurfaceWhereInput

/** A deploy is in progress, or holds the surface. An archived surface stays on the grid until then. */
const BUSY = { OR: [UNFINISHED, { deploys: { some: { holdsSurface: true } } }] } satisfies Prisma.SurfaceWhereInput

/** The declared surfaces, and archived ones whose deploy is unfinished or holds them. With `ids`, only these. */
export function listGridSurfaces(db: DatabaseHandle, ids?: readonly string[]): Promise<SurfaceRow[]> {
  return db.surface.findMany({
    where: { OR: [{ archivedAt: null }, BUSY], ...(ids === undefined ? {} : { id: { in: [...ids] } }) },
    orderBy: { position: 'asc' },
    select: tileSelect,
  })
}

/** Those of these surfaces that stay on the grid although they are archived. */
export async function listBusySurfaces(db: DatabaseHandle, ids: readonly string[]): Promise<string[]> {
  const rows = await db.surface.findMany({ where: { id: { in: [...ids] }, ...BUSY }, select: { id: true } })
  return rows.map(({ id }) => id)
}

/** The surfaces of these repositories, whose names are in lower case: declared, or archived with an unfinished deploy. */
export async function listSurfacesOf(db: DatabaseHandle, repositories: readonly string[]) {
  const surfaces = await db.surface.findMany({
    // Prisma uses ILIKE, in which `_` matches any letter. The filter below removes such matches.
    where: {
      AND: [
        { OR: [{ archivedAt: null }, UNFINISHED] },
        { OR: repositories.map((name) => ({ repository: { equals: name, mode: 'insensitive' } })) },
      ],
    },
    select: {
      repository: true,
      workflow: true,
      ref: true,
      lastDeploy: { select: { id: true, status: true, githubRunId: true, lastLookedAt: true } },
    },
  })
  return surfaces.filter(({ repository }) => repositories.includes(repository.toLowerCase()))
}

/** The surfaces of the grid that were probed since then. */
export async function listProbedSince(db: DatabaseHandle, since: Date): Promise<Checked[]> {
  const rows = await db.surface.findMany({
    where: { OR: [{ archivedAt: null }, BUSY], healthCheckedAt: { gt: since } },
    select: { id: true, healthCheckedAt: true, runningSeenAt: true },
  })
  return rows.flatMap(({ id, healthCheckedAt, runningSeenAt }) =>
    healthCheckedAt === null
      ? []
      : [{ id, checkedAt: healthCheckedAt.toISOString(), seenAt: runningSeenAt?.toISOString() ?? null }],
  )
}

/** The environments of the declared surfaces, each once. */
export async function listEnvironments(db: DatabaseHandle): Promise<string[]> {
  const rows = await db.surface.findMany({
    where: { archivedAt: null },
    distinct: 'environment',
    orderBy: { environment: 'asc' },
    select: { environment: true },
  })
  return rows.map(({ environment }) => environment)
}

/** The repositories of the declared surfaces, each once, ignoring case. */
export async function listRepositories(db: DatabaseHandle): Promise<string[]> {
  const rows = await db.surface.findMany({
    where: { archivedAt: null },
    distinct: 'repository',
    orderBy: { repository: 'asc' },
    select: { repository: true },
  })
  return [...new Map(rows.map(({ repository }) => [repository.toLowerCase(), repository])).values()]
}

export const DRIFT_UNKNOWN = { behindBy: null, aheadBy: null, behindCheckedAt: null, comparedSha: null } as const

/**
 * Records a probe. A probe without a version keeps the recorded version. False: since the surface was read, another probe of it was recorded.
 */
export async function recordProbe(
  db: DatabaseHandle,
  { id, healthCheckedAt }: Pick<SurfaceRow, 'id' | 'healthCheckedAt'>,
  probe: {
    readonly health: HealthState
    readonly detail: string | null
    readonly at: Date
    readonly version: ReportedVersion | null
    /** The version is new, so the recorded drift no longer applies. */
    readonly versionChanged: boolean
    /** Null: unchanged. */
    readonly healthyVersions: HealthyVersions | null
  },
): Promise<boolean> {
  const { version } = probe
  const data = {
    health: probe.health,
    healthDetail: probe.detail,
    healthCheckedAt: probe.at,
    ...(probe.healthyVersions === null ? {} : { healthyVersions: probe.healthyVersions }),
    ...(version === null ? {} : { runningSeenAt: probe.at }),
    // An unchanged version is not written, because its commit may have become known meanwhile.
    ...(version === null || !probe.versionChanged ? {} : { ...versionColumns(version), ...DRIFT_UNKNOWN }),
  }
  if ((await db.surface.updateMany({ where: { id, healthCheckedAt }, data })).count > 0) return true
  await db.surface.update({ where: { id }, data, select: { id: true } })
  return false
}

const versionColumns = ({ name, sha, problem }: ReportedVersion) => ({
  reportedVersion: name,
  runningSha: sha,
  versionProblem: problem,
})

/** Records the commit of a reported name, or why it is unknown. A surface that reports another version by now is not changed. */
export async function recordResolvedVersion(
  db: DatabaseHandle,
  ids: readonly string[],
  version: ReportedVersion,
): Promise<void> {
  await db.surface.updateMany({
    where: { id: { in: [...ids] }, reportedVersion: version.name },
    data: { ...versionColumns(version), ...DRIFT_UNKNOWN },
  })
}

/** Records the drift of surfaces that run the same commit. A surface that runs another commit by now is not changed. */
export async function recordDrift(
  db: DatabaseHandle,
  ids: readonly string[],
  distance: {
    readonly runningSha: string
    readonly comparedSha: string | null
    readonly behind: number | null
    readonly ahead: number | null
    readonly at: Date
  },
): Promise<void> {
  const { runningSha, comparedSha, behind, ahead, at } = distance
  await db.surface.updateMany({
    where: { id: { in: [...ids] }, runningSha },
    data: { behindBy: behind, aheadBy: ahead, comparedSha, behindCheckedAt: at },
  })
}

/** Records that the drift is unchanged, since neither commit changed. */
export async function confirmDrift(
  db: DatabaseHandle,
  ids: readonly string[],
  { runningSha, at }: { readonly runningSha: string; readonly at: Date },
): Promise<void> {
  await db.surface.updateMany({ where: { id: { in: [...ids] }, runningSha }, data: { behindCheckedAt: at } })
}

/** Records the newest outside run of a surface; null when GitHub lists none. */
export async function recordOutsideRun(db: DatabaseHandle, id: string, run: OutsideRun | null): Promise<void> {
  await db.surface.update({
    where: { id },
    data: {
      outsideRunId: run?.id ?? null,
      outsideRunNumber: run?.number ?? null,
      outsideRunActor: run?.actor ?? null,
      outsideRunAt: run === null ? null : new Date(run.startedAt),
      outsideRunState: run?.state ?? null,
      outsideRunEnvironmentKnown: run?.environmentKnown ?? null,
    },
    select: { id: true },
  })
}

/** Records the repository variable DEPLOY_FREEZE. `readAt: null`: the credentials may not read it. */
export async function recordDeployFreeze(
  db: DatabaseHandle,
  repository: string,
  { reason, readAt }: { readonly reason: string | null; readonly readAt: Date | null },
): Promise<void> {
  await db.surface.updateMany({ where: { repository }, data: { deployFreeze: reason, deployFreezeReadAt: readAt } })
}

/** Refuses an environment that no surface has, since a freeze or a limit on it would have no effect. `notDone` ends the message. */
export async function requireKnownEnvironments(
  db: DatabaseHandle,
  names: readonly string[],
  notDone: string,
): Promise<void> {
  const known = await listEnvironments(db)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const choices = known.length === 0 ? 'No surface is declared yet.' : `The environments are ${known.join(', ')}.`
  throw new AppError('invalid_input', `No surface has the environment "${inSentence(unknown)}". ${choices} ${notDone}`)
}
