import 'server-only'
import { isDeepStrictEqual } from 'node:util'
import { isStrongEnough } from '~/domain/deploy/callback'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { listCurrentFreezes, orphanedLockWarning } from '~/server/freezes/freezes'
import type { Database, DatabaseHandle } from '~/server/platform/database'
import {
  archiveSurface,
  listAllDeclarations,
  listSurfaces,
  type SurfaceDeclaration,
  upsertSurface,
} from '~/server/surfaces/surfaces'

type Change = 'declared' | 'changed' | 'archived' | 'restored'

/**
 * Makes the table match the file in one transaction: upserts declared surfaces, archives removed ones (never deletes, to keep their
 * history) and audits every change. Writes nothing when nothing changed.
 */
export async function seedSurfaces(
  deps: { readonly db: Database; readonly now: () => Date },
  declared: readonly SurfaceDeclaration[],
): Promise<Seeded> {
  const at = deps.now()
  const warnings: string[] = []
  return deps.db.$transaction(async (tx) => {
    const stored = new Map((await listAllDeclarations(tx)).map((row) => [row.id, row]))
    const audit = (surfaceId: string, change: Change, weakened: readonly string[] = []) =>
      appendAuditEvent(
        tx,
        { actor: 'seeder', at, surfaceId },
        {
          action: 'console.surface.seeded',
          status: null,
          payload: weakened.length === 0 ? { change } : { change, weakened },
        },
      )

    for (const surface of declared) {
      const before = stored.get(surface.id)
      const change = changeOf(surface, before)
      if (change === null) continue
      const weakenings = weakeningsOf(before, surface)
      const forgetsVersion =
        before?.repository !== surface.repository || !isDeepStrictEqual(before.versionSource, surface.versionSource)
      const forgetsDrift = !isDeepStrictEqual(before?.paths, surface.paths)
      await upsertSurface(tx, surface, { forgetsVersion, forgetsDrift })
      await audit(
        surface.id,
        change,
        weakenings.map(({ key }) => key),
      )
      warnings.push(...weakenings.map(({ text }) => `"${surface.id}" in surfaces.yaml: ${text}`))
    }
    const declaredIds = new Set(declared.map((surface) => surface.id))
    const removed = [...stored.values()].filter((row) => !declaredIds.has(row.id) && row.archivedAt === null)
    for (const row of removed) {
      await archiveSurface(tx, row.id, at)
      await audit(row.id, 'archived')
    }
    warnings.push(...(await idleFreezes(tx, at)))
    return { declared: declared.length, archived: removed.length, warnings }
  })
}

interface Seeded {
  readonly declared: number
  readonly archived: number
  /** Sentences for the log of the start: weaker protections, and freezes without effect. */
  readonly warnings: readonly string[]
}

/** The changes of a declaration that weaken protection. `key` is the name in surfaces.yaml. */
function weakeningsOf(before: Stored | undefined, now: SurfaceDeclaration) {
  if (before === undefined) return []
  const found: { readonly key: string; readonly text: string }[] = []
  if (before.requiresApproval && !now.requiresApproval) {
    found.push({ key: 'approval', text: 'deploys no longer need the approval of another person.' })
  }
  if (before.environment === 'production' && now.environment !== 'production') {
    const text = `the surface moved from production to ${now.environment} and lost the protections of production.`
    found.push({ key: 'environment', text })
  }
  if (!isStrongEnough(now.callbacks, before.callbacks)) {
    found.push({ key: 'callbacks', text: 'callbacks of its deploys may carry a weaker proof.' })
  }
  if (before.repositoryId !== null && now.repositoryId === null) {
    found.push({ key: 'repository_id', text: 'the repository number in GitHub’s token is no longer checked.' })
  }
  return found
}

/** Warns of freezes and locks without effect: their environment or surface was renamed or removed. */
async function idleFreezes(tx: DatabaseHandle, at: Date): Promise<string[]> {
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
    ...surfaces.flatMap((surface) => orphanedLockWarning(surface, freezes) ?? []),
  ]
}

type Stored = Omit<SurfaceDeclaration, 'callbacks'> & { readonly callbacks: string } & {
  readonly archivedAt: Date | null
}

function changeOf(surface: SurfaceDeclaration, stored: Stored | undefined): Change | null {
  if (stored === undefined) return 'declared'
  if (stored.archivedAt !== null) return 'restored'
  const { archivedAt: _, ...before } = stored
  const same = Object.entries(surface).every(([key, value]) => isDeepStrictEqual(Reflect.get(before, key), value))
  return same ? null : 'changed'
}
