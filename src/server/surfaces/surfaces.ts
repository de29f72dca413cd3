import 'server-only'
import type { CallbackWay } from '~/domain/deploy/callback'
import { TERMINAL_STATUSES } from '~/domain/deploy/status'
import type { OutsideRun } from '~/domain/github/outside-run'
import type { Checked } from '~/domain/surface/live'
import type { HealthState } from '~/domain/surface/tile'
import { accountSelect } from '~/server/deploys/deploy-account'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

/** A surface as surfaces.yaml declares it. */
export interface SurfaceDeclaration {
  readonly id: string
  readonly name: string
  readonly environment: string
  readonly repository: string
  readonly workflow: string
  readonly ref: string
  readonly url: string
  readonly healthUrl: string
  readonly confirm: string
  readonly timeoutMinutes: number
  readonly position: number
  /** Whether another person has to approve a deploy, and for how long a request waits for that. */
  readonly requiresApproval: boolean
  readonly approvalMinutes: number
  /** The weakest proof a report about a deploy may come with. */
  readonly callbacks: CallbackWay
  /** GitHub's number of the repository, which a token is held against; null when the file does not say. */
  readonly repositoryId: bigint | null
}

const declarationSelect = {
  id: true,
  name: true,
  environment: true,
  repository: true,
  workflow: true,
  ref: true,
  url: true,
  healthUrl: true,
  confirm: true,
  timeoutMinutes: true,
  position: true,
  requiresApproval: true,
  approvalMinutes: true,
  archivedAt: true,
} satisfies Prisma.SurfaceSelect

/** The deploy that has ended and still holds the surface. */
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
      ...accountSelect,
      id: true,
      ref: true,
      sha: true,
      requestedBy: true,
      finishedAt: true,
    },
  },
  deploys: { where: { holdsSurface: true }, orderBy: { id: 'desc' }, take: 1, select: holdingSelect },
} satisfies Prisma.SurfaceSelect

export type SurfaceRow = Prisma.SurfaceGetPayload<{ select: typeof tileSelect }>

export function findSurface(db: DatabaseHandle, id: string): Promise<SurfaceRow | null> {
  return db.surface.findUnique({ where: { id }, select: tileSelect })
}

/** Every declared surface with its newest deploy, in the order of the file: bounded by the file, not by history. */
export function listSurfaces(db: DatabaseHandle): Promise<SurfaceRow[]> {
  return db.surface.findMany({ where: { archivedAt: null }, orderBy: { position: 'asc' }, select: tileSelect })
}

export function listSurfacesById(db: DatabaseHandle, ids: readonly string[]): Promise<SurfaceRow[]> {
  return db.surface.findMany({ where: { id: { in: [...ids] } }, select: tileSelect })
}

/** The declared surfaces, and those that left the file while their deploy goes on; all, or these. */
export function listGridSurfaces(db: DatabaseHandle, ids?: readonly string[]): Promise<SurfaceRow[]> {
  const underWay = { lastDeploy: { is: { status: { notIn: [...TERMINAL_STATUSES] } } } }
  return db.surface.findMany({
    where: {
      OR: [{ archivedAt: null }, underWay, { deploys: { some: { holdsSurface: true } } }],
      ...(ids === undefined ? {} : { id: { in: [...ids] } }),
    },
    orderBy: { position: 'asc' },
    select: tileSelect,
  })
}

/** The declared surfaces of these repositories, whose names come in lower case. */
export async function listSurfacesOf(db: DatabaseHandle, repositories: readonly string[]) {
  const surfaces = await db.surface.findMany({
    // ILIKE, in which `_` stands for any letter: what is only alike is left out below.
    where: {
      archivedAt: null,
      OR: repositories.map((name) => ({ repository: { equals: name, mode: 'insensitive' } })),
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

/** Of the declared surfaces, those probed since then. */
export async function listCheckedSince(db: DatabaseHandle, since: Date): Promise<Checked[]> {
  const rows = await db.surface.findMany({
    where: { archivedAt: null, healthCheckedAt: { gt: since } },
    select: { id: true, healthCheckedAt: true, runningSeenAt: true },
  })
  return rows.flatMap(({ id, healthCheckedAt, runningSeenAt }) =>
    healthCheckedAt === null
      ? []
      : [{ id, checkedAt: healthCheckedAt.toISOString(), seenAt: runningSeenAt?.toISOString() ?? null }],
  )
}

/** Those of the declared surfaces, each once. */
export async function listEnvironments(db: DatabaseHandle): Promise<string[]> {
  const rows = await db.surface.findMany({
    where: { archivedAt: null },
    distinct: 'environment',
    orderBy: { environment: 'asc' },
    select: { environment: true },
  })
  return rows.map(({ environment }) => environment)
}

/** Those of the declared surfaces, each once whatever its case. */
export async function listRepositories(db: DatabaseHandle): Promise<string[]> {
  const rows = await db.surface.findMany({
    where: { archivedAt: null },
    distinct: 'repository',
    orderBy: { repository: 'asc' },
    select: { repository: true },
  })
  return [...new Map(rows.map(({ repository }) => [repository.toLowerCase(), repository])).values()]
}

export async function upsertSurface(tx: DatabaseHandle, declared: SurfaceDeclaration): Promise<void> {
  const { id, ...rest } = declared
  await tx.surface.updateMany({
    where: { id, repository: { not: rest.repository } },
    data: { deployFreeze: null, deployFreezeReadAt: null, comparedSha: null },
  })
  await tx.surface.upsert({
    where: { id },
    create: declared,
    update: { ...rest, archivedAt: null },
    select: { id: true },
  })
}

export async function archiveSurface(tx: DatabaseHandle, id: string, at: Date): Promise<void> {
  await tx.surface.update({ where: { id }, data: { archivedAt: at }, select: { id: true } })
}

/** What the prober saw. A version is only replaced by another one the surface itself reported. */
export async function recordProbe(
  db: DatabaseHandle,
  id: string,
  probe: {
    readonly health: HealthState
    readonly detail: string | null
    readonly at: Date
    readonly runningSha: string | null
    /** Another version than before: how far it is from the default ref has yet to be counted. */
    readonly versionChanged: boolean
  },
): Promise<void> {
  await db.surface.update({
    where: { id },
    data: {
      health: probe.health,
      healthDetail: probe.detail,
      healthCheckedAt: probe.at,
      ...(probe.runningSha === null ? {} : { runningSha: probe.runningSha, runningSeenAt: probe.at }),
      ...(probe.versionChanged ? { behindBy: null, aheadBy: null, behindCheckedAt: null, comparedSha: null } : {}),
    },
    select: { id: true },
  })
}

/** Of surfaces that run one commit; one that runs another by now is left as it is. */
export async function recordDistance(
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

/** The distance on record still holds: neither commit changed. */
export async function recordCounted(
  db: DatabaseHandle,
  ids: readonly string[],
  { runningSha, at }: { readonly runningSha: string; readonly at: Date },
): Promise<void> {
  await db.surface.updateMany({ where: { id: { in: [...ids] }, runningSha }, data: { behindCheckedAt: at } })
}

/** What GitHub lists of deploys without the console; null when it lists none. */
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

/** What GitHub says of the repository variable DEPLOY_FREEZE; `readAt` is null when it may not be read. */
export async function recordDeployFreeze(
  db: DatabaseHandle,
  repository: string,
  { reason, readAt }: { readonly reason: string | null; readonly readAt: Date | null },
): Promise<void> {
  await db.surface.updateMany({ where: { repository }, data: { deployFreeze: reason, deployFreezeReadAt: readAt } })
}

/** The declared part of every surface ever seen, archived ones too. */
export function listAllDeclarations(db: DatabaseHandle) {
  return db.surface.findMany({ select: { ...declarationSelect, callbacks: true, repositoryId: true } })
}
