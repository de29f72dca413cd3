import 'server-only'
import { appendAuditEvent } from '~/server/db/audit'
import type { Database } from '~/server/db/client'
import { archiveSurface, listAllDeclarations, type SurfaceDeclaration, upsertSurface } from '~/server/db/surfaces'

type Change = 'declared' | 'changed' | 'archived' | 'restored'

/**
 * Brings the table in line with the file, in one transaction: upserts what is declared, archives what left (never
 * deletes: its history stays), audits what changed. Nothing changed, nothing is written.
 */
export async function seedSurfaces(
  deps: { readonly db: Database; readonly now: () => Date },
  declared: readonly SurfaceDeclaration[],
): Promise<{ readonly declared: number; readonly archived: number }> {
  const at = deps.now()
  return deps.db.$transaction(async (tx) => {
    const stored = new Map((await listAllDeclarations(tx)).map((row) => [row.id, row]))
    const audit = (surfaceId: string, change: Change) =>
      appendAuditEvent(
        tx,
        { actor: 'seeder', at, surfaceId },
        { action: 'console.surface.seeded', status: null, payload: { change } },
      )

    for (const surface of declared) {
      const change = changeOf(surface, stored.get(surface.id))
      if (change === null) continue
      await upsertSurface(tx, surface)
      await audit(surface.id, change)
    }
    const kept = new Set(declared.map((surface) => surface.id))
    const gone = [...stored.values()].filter((row) => !kept.has(row.id) && row.archivedAt === null)
    for (const row of gone) {
      await archiveSurface(tx, row.id, at)
      await audit(row.id, 'archived')
    }
    return { declared: declared.length, archived: gone.length }
  })
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
