import 'server-only'
import type { CallbackWay } from '~/domain/deploy/callback'
import { type InputTemplates, storedInputs } from '~/domain/deploy/inputs'
import { ON_MOVED, type OnMoved } from '~/domain/deploy/request'
import { type PhaseJobs, phaseJobs } from '~/domain/deploy/run-record'
import { ROLLBACK_MODES, type RollbackMode } from '~/domain/deploy/watch'
import { AppError } from '~/domain/errors'
import type { VersionSource } from '~/domain/surface/version'
import { canonicalJson } from '~/server/audit/seal-record'
import { sha256 } from '~/server/platform/crypto'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'
import { DRIFT_UNKNOWN, declarationSelect, versionSourceOf } from '~/server/surfaces/surfaces'

/** A surface as surfaces.yaml declares it. */
export interface SurfaceDeclaration {
  readonly id: string
  readonly name: string
  readonly environment: string
  readonly repository: string
  readonly workflow: string
  /** The service that it is one environment of; null: told by repository and workflow. */
  readonly service: string | null
  readonly ref: string
  readonly url: string
  readonly healthUrl: string
  readonly confirm: string
  readonly timeoutMinutes: number
  readonly position: number
  /** Whether a deploy requires another person's approval, and how long an approval waits. */
  readonly requiresApproval: boolean
  readonly approvalMinutes: number
  /** The weakest proof that a callback may carry. */
  readonly callbacks: CallbackWay
  /** GitHub's number of the repository, which the token of a callback must name; null when the file does not declare it. */
  readonly repositoryId: bigint | null
  /** The inputs of the workflow; null: the default ones that the workflow file declares. */
  readonly dispatchInputs: InputTemplates | null
  /** The names of the inputs that the operator fills in. */
  readonly dispatchAsk: readonly string[]
  /** What happens if the chosen ref moves before its run starts; null: runs start on `ref`, whatever was chosen. */
  readonly onMoved: OnMoved | null
  /** The environment on GitHub in which deploys appear as GitHub deployments; null: they do not. */
  readonly githubEnvironment: string | null
  /** The jobs of each phase; null: told by the names of jobs and steps. */
  readonly phaseJobs: PhaseJobs | null
  /** The files and folders whose commits count for the surface; none: the whole repository. */
  readonly paths: readonly string[]
  /** The lines that the operator ticks before a deploy. */
  readonly checklist: readonly string[]
  /** How long the console asks the surface itself for the health check of a deploy; null: the workflow makes it. */
  readonly probeSeconds: number | null
  /** What happens if the surface turns unhealthy soon after a deploy; null: nothing. */
  readonly rollbackMode: RollbackMode | null
  /** How long a deploy is watched; null if `rollbackMode` is. */
  readonly watchMinutes: number | null
  /** Where the surface says which version it runs; null: in the member `version` of the health answer. */
  readonly versionSource: VersionSource | null
}

/** The columns that hold a declaration. */
export const declaredColumns = {
  ...declarationSelect,
  callbacks: true,
  repositoryId: true,
  dispatchInputs: true,
  dispatchAsk: true,
  onMoved: true,
  githubEnvironment: true,
  phaseJobs: true,
  probeSeconds: true,
  paths: true,
  checklist: true,
  versionSource: true,
} as const satisfies Prisma.SurfaceSelect & Record<keyof SurfaceDeclaration, true>

type DeclaredRow = Prisma.SurfaceGetPayload<{ select: typeof declaredColumns }>

/**
 * Tells one declaration of a surface from another. The place in the file is left out: it changes nothing about the surface. Whether the
 * surface is archived is checked by itself.
 */
export function digestDeclaration(row: DeclaredRow): string {
  const members = DIGESTED.map((key) => [key, typeof row[key] === 'bigint' ? String(row[key]) : row[key]])
  return sha256(canonicalJson(Object.fromEntries(members)))
}

const isDeclared = (key: string): key is keyof typeof declaredColumns => key in declaredColumns
const DIGESTED = Object.keys(declaredColumns)
  .filter(isDeclared)
  .filter((key) => key !== 'position' && key !== 'archivedAt')

/**
 * `forgetsVersion`: the recorded version was read from another repository or place, so its name is resolved again. `forgetsDrift`: other
 * commits count now.
 */
export async function upsertSurface(
  tx: DatabaseHandle,
  declared: SurfaceDeclaration,
  { forgetsVersion, forgetsDrift }: { readonly forgetsVersion: boolean; readonly forgetsDrift: boolean },
): Promise<void> {
  const { id, dispatchInputs, dispatchAsk, phaseJobs: jobs, versionSource: source, ...declaration } = declared
  const rest = {
    ...declaration,
    paths: [...declaration.paths],
    checklist: [...declaration.checklist],
    dispatchInputs: dispatchInputs ?? Prisma.DbNull,
    dispatchAsk: [...dispatchAsk],
    phaseJobs: jobs ?? Prisma.DbNull,
    versionSource: source ?? Prisma.DbNull,
  }
  await tx.surface.updateMany({
    where: { id, repository: { not: rest.repository } },
    data: { deployFreeze: null, deployFreezeReadAt: null, comparedSha: null },
  })
  await tx.surface.upsert({
    where: { id },
    create: { id, ...rest },
    update: {
      ...rest,
      archivedAt: null,
      ...(forgetsVersion ? { reportedVersion: null, versionProblem: null } : {}),
      ...(forgetsDrift ? DRIFT_UNKNOWN : {}),
    },
    select: { id: true },
  })
}

export async function archiveSurface(tx: DatabaseHandle, id: string, at: Date): Promise<void> {
  await tx.surface.update({ where: { id }, data: { archivedAt: at }, select: { id: true } })
}

/** The declarations of all surfaces, with archived ones. */
export const listAllDeclarations = (db: DatabaseHandle) => readDeclarations(db, {})

/** Throws `surface_unknown` when there is none. */
export async function requireDeclaration(db: DatabaseHandle, id: string) {
  const [declaration] = await readDeclarations(db, { id })
  if (declaration !== undefined) return declaration
  throw new AppError('surface_unknown', `There is no surface "${id}". Check the id.`)
}

async function readDeclarations(db: DatabaseHandle, where: Prisma.SurfaceWhereInput) {
  const rows = await db.surface.findMany({ where, select: declaredColumns })
  return rows.map((row) => ({
    ...row,
    dispatchInputs: storedInputs.parse(row.dispatchInputs),
    onMoved: ON_MOVED.find((known) => known === row.onMoved) ?? null,
    rollbackMode: ROLLBACK_MODES.find((known) => known === row.rollbackMode) ?? null,
    phaseJobs: phaseJobs.nullable().parse(row.phaseJobs),
    versionSource: versionSourceOf(row),
  }))
}
