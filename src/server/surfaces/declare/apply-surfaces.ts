import 'server-only'
import { isDeepStrictEqual } from 'node:util'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { listCurrentFreezes, warnOfOrphanedFreezes } from '~/server/freezes/freezes'
import type { Database, DatabaseHandle } from '~/server/platform/database'
import { lockDeclarations } from '~/server/platform/locks.sql'
import { compareSurfaces, type Difference, type SurfaceChange } from '~/server/surfaces/declare/compare-surfaces'
import {
  archiveSurface,
  listAllDeclarations,
  type SurfaceDeclaration,
  upsertSurface,
} from '~/server/surfaces/declare/declarations'
import { listBusySurfaces, listSurfaces } from '~/server/surfaces/surfaces'

/** What decides whether a difference is applied. */
interface Found extends Difference {
  /** How many surfaces are stored, archived ones included. */
  readonly stored: number
}

export interface Applied extends Found {
  /** Whether the database now holds what the file declares. */
  readonly isApplied: boolean
  /** The archived surfaces of the difference that stay on the grid until their deploy has ended. */
  readonly busy: readonly string[]
  /** Sentences about freezes and locks without effect. */
  readonly idleFreezes: readonly string[]
}

/**
 * Makes the table match the file in one transaction, if `mayApply` accepts the difference: upserts declared surfaces, archives removed
 * ones (never deletes, to keep their history) and audits every change. Otherwise changes nothing.
 */
export async function applySurfaces(
  deps: { readonly db: Database; readonly now: () => Date },
  declared: readonly SurfaceDeclaration[],
  { actor, mayApply }: { readonly actor: string; readonly mayApply: (found: Found) => boolean },
): Promise<Applied> {
  const at = deps.now()
  return deps.db.$transaction(async (tx) => {
    await lockDeclarations(tx)
    const stored = new Map((await listAllDeclarations(tx)).map((row) => [row.id, row]))
    const found = { ...compareSurfaces(declared, stored), stored: stored.size }
    const isSame = found.changes.length === 0 && found.moved.length === 0
    const isApplied = isSame || mayApply(found)
    if (isApplied) {
      const surfaces = new Map(declared.map((surface) => [surface.id, surface]))
      const moved = found.moved.map((id): SurfaceChange => ({ id, kind: 'changed', keys: [], weakenings: [] }))
      for (const change of [...found.changes, ...moved]) {
        const surface = surfaces.get(change.id)
        if (surface === undefined) await archiveSurface(tx, change.id, at)
        else {
          const before = stored.get(change.id)
          const forgetsVersion =
            before?.repository !== surface.repository || !isDeepStrictEqual(before.versionSource, surface.versionSource)
          const forgetsDrift = !isDeepStrictEqual(before?.paths, surface.paths)
          await upsertSurface(tx, surface, { forgetsVersion, forgetsDrift })
        }
        await auditChange(tx, change, { actor, at })
      }
    }
    const archived = found.changes.flatMap(({ id, kind }) => (kind === 'archived' ? [id] : []))
    const busy = archived.length === 0 ? [] : await listBusySurfaces(tx, archived)
    return { ...found, isApplied, busy, idleFreezes: await listIdleFreezes(tx, at) }
  })
}

/** The audit trail's words for the changes. */
const AUDITED = { added: 'declared', changed: 'changed', restored: 'restored', archived: 'archived' } as const

function auditChange(
  tx: DatabaseHandle,
  { id, kind, weakenings }: SurfaceChange,
  { actor, at }: { readonly actor: string; readonly at: Date },
): Promise<void> {
  const weakened = weakenings.map(({ key }) => key)
  const payload = { change: AUDITED[kind], ...(weakened.length === 0 ? {} : { weakened }) }
  return appendAuditEvent(tx, { actor, at, surfaceId: id }, { action: 'console.surface.seeded', status: null, payload })
}

/** Warns of freezes and locks without effect: their environment or surface was renamed or removed. */
async function listIdleFreezes(tx: DatabaseHandle, at: Date): Promise<string[]> {
  const freezes = await listCurrentFreezes(tx, at)
  const surfaces = await listSurfaces(tx)
  const environments = freezes.flatMap(({ environment }) =>
    environment === null || surfaces.some((surface) => surface.environment === environment) ? [] : [environment],
  )
  return [
    ...[...new Set(environments)].map(
      (environment) =>
        `A freeze has no effect: no surface is in the environment ${environment}. Open a freeze for the new environment.`,
    ),
    ...surfaces.flatMap((surface) => warnOfOrphanedFreezes(surface, freezes)),
  ]
}
