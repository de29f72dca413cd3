import 'server-only'
import type { OutsideRun } from '~/domain/outside-run'
import type { HealthState } from '~/domain/surface'
import type { DatabaseHandle } from '~/server/db/client'
import type { Prisma } from '~/server/db/generated/client.ts'

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

const tileSelect = {
  ...declarationSelect,
  health: true,
  healthDetail: true,
  healthCheckedAt: true,
  runningSha: true,
  runningSeenAt: true,
  behindBy: true,
  behindCheckedAt: true,
  outsideRunId: true,
  outsideRunNumber: true,
  outsideRunActor: true,
  outsideRunAt: true,
  outsideRunState: true,
  outsideRunEnvironmentKnown: true,
  lastDeploy: {
    select: {
      id: true,
      status: true,
      failureStage: true,
      ref: true,
      sha: true,
      requestedBy: true,
      requestedAt: true,
      finishedAt: true,
    },
  },
} satisfies Prisma.SurfaceSelect

export type SurfaceRow = Prisma.SurfaceGetPayload<{ select: typeof tileSelect }>

export function findSurface(db: DatabaseHandle, id: string): Promise<SurfaceRow | null> {
  return db.surface.findUnique({ where: { id }, select: tileSelect })
}

/** Every surface on the grid with its newest deploy, in the order of the file: bounded by the file, not by history. */
export function listSurfaces(db: DatabaseHandle): Promise<SurfaceRow[]> {
  return db.surface.findMany({ where: { archivedAt: null }, orderBy: { position: 'asc' }, select: tileSelect })
}

export async function upsertSurface(tx: DatabaseHandle, declared: SurfaceDeclaration): Promise<void> {
  const { id, ...rest } = declared
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
    /** Another version than before: how far it is behind has yet to be counted. */
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
      ...(probe.versionChanged ? { behindBy: null, behindCheckedAt: null } : {}),
    },
    select: { id: true },
  })
}

export async function recordBehind(
  db: DatabaseHandle,
  id: string,
  behind: { readonly by: number | null; readonly at: Date },
): Promise<void> {
  await db.surface.update({
    where: { id },
    data: { behindBy: behind.by, behindCheckedAt: behind.at },
    select: { id: true },
  })
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

/** The declared part of every surface ever seen, archived ones too. */
export function listAllDeclarations(db: DatabaseHandle) {
  return db.surface.findMany({ select: declarationSelect })
}
