import 'server-only'
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
 * Brings the table in line with the file, in one transaction: upserts what is declared, archives what left (never
 * deletes: its history stays), audits what changed. Nothing changed, nothing is written.
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
      const change = changeOf(surface, stored.get(surface.id))
      if (change === null) continue
      const weakenings = weakeningsOf(stored.get(surface.id), surface)
      await upsertSurface(tx, surface)
      await audit(
        surface.id,
        change,
        weakenings.map(({ key }) => key),
      )
      warnings.push(...weakenings.map(({ text }) => `"${surface.id}" in surfaces.yaml: ${text}`))
    }
    const kept = new Set(declared.map((surface) => surface.id))
    const gone = [...stored.values()].filter((row) => !kept.has(row.id) && row.archivedAt === null)
    for (const row of gone) {
      await archiveSurface(tx, row.id, at)
      await audit(row.id, 'archived')
    }
    warnings.push(...(await idleFreezes(tx, at)))
    return { declared: declared.length, archived: gone.length, warnings }
  })
}

interface Seeded {
  readonly declared: number
  readonly archived: number
  /** Protections that hold less than before, in sentences for the log of the start. */
  readonly warnings: readonly string[]
}

/** What of a declaration protects less than the one before; `key` is its name in surfaces.yaml. */
function weakeningsOf(before: Stored | undefined, now: SurfaceDeclaration) {
  if (before === undefined) return []
  const found: { readonly key: string; readonly text: string }[] = []
  if (before.requiresApproval && !now.requiresApproval) {
    found.push({ key: 'approval', text: 'deploys no longer need the approval of another person.' })
  }
  if (before.environment === 'production' && now.environment !== 'production') {
    const text = `it was in production and is in ${now.environment} now; what protects production no longer protects it.`
    found.push({ key: 'environment', text })
  }
  if (!isStrongEnough(now.callbacks, before.callbacks)) {
    found.push({ key: 'callbacks', text: 'reports about its deploys may come with a weaker proof.' })
  }
  if (before.repositoryId !== null && now.repositoryId === null) {
    found.push({ key: 'repository_id', text: 'GitHub’s token is no longer held against the number of the repository.' })
  }
  return found
}

/** Freezes and locks that hold nothing, because what they name was renamed or has left the file. */
async function idleFreezes(tx: DatabaseHandle, at: Date): Promise<string[]> {
  const freezes = await listCurrentFreezes(tx, at)
  const surfaces = await listSurfaces(tx)
  const environments = freezes.flatMap(({ environment }) =>
    environment === null || surfaces.some((surface) => surface.environment === environment) ? [] : [environment],
  )
  return [
    ...[...new Set(environments)].map(
      (environment) =>
        `A freeze holds nothing: no surface is in the environment ${environment}. Open one over the new name.`,
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
  const same = Object.entries(surface).every(([key, value]) => Reflect.get(before, key) === value)
  return same ? null : 'changed'
}
