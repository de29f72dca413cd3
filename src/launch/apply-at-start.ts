import { type Difference, explainWeakenings } from '~/server/surfaces/declare/compare-surfaces'
import { readSurfacesFile } from '~/server/surfaces/declare/read-surfaces-file'
import type { Progress } from './progress.ts'

interface Start {
  readonly databaseUrl: string
  readonly surfacesFile: string
  /** As the configuration names it. */
  readonly shownFile: string
  readonly sandboxUrl: string | undefined
  /** Several servers may start on this database, each with a file of its own. */
  readonly isShared: boolean
  readonly progress: Progress
}

/**
 * Compares surfaces.yaml with the stored surfaces, and applies it unless the database is shared and already holds surfaces
 * (docs/adr/043). Then the start says what differs. Returns the surfaces whose declaration is new or has changed.
 */
export async function applyAtStart({
  databaseUrl,
  surfacesFile,
  shownFile,
  sandboxUrl,
  isShared,
  progress,
}: Start): Promise<string[]> {
  const declared = readSurfacesFile(surfacesFile, sandboxUrl)
  // Imported here because they need the Prisma client, which the first start has just generated.
  const { connectDatabase } = await import('~/server/platform/database')
  const { applySurfaces } = await import('~/server/surfaces/declare/apply-surfaces')
  const db = connectDatabase(databaseUrl)
  const mayApply = ({ stored }: { readonly stored: number }) => !isShared || stored === 0
  const deps = { db, now: () => new Date() }
  const found = await applySurfaces(deps, declared, { actor: 'seeder', mayApply }).finally(() => db.$disconnect())

  if (found.isApplied) for (const warning of explainWeakenings(found)) progress.warn(warning)
  for (const warning of found.idleFreezes) progress.warn(warning)
  if (found.isApplied)
    progress.done(`${declared.length === 1 ? '1 surface' : `${declared.length} surfaces`} declared in ${shownFile}`)
  else {
    progress.warn(
      `${shownFile} differs from the stored surfaces: ${summarise(found)}. This start changed no surface and goes on with the ` +
        'stored ones. "npm run console -- surfaces apply --dry-run" shows the difference; without --dry-run it is applied.',
    )
  }
  if (isShared && found.stored === 0) {
    const how = 'Apply later changes with "npm run console -- surfaces apply".'
    progress.note(`The database held no surface, so this start stored the declared ones. ${how}`)
  }
  return found.isApplied ? found.changes.flatMap(({ id, kind }) => (kind === 'archived' ? [] : [id])) : []
}

/** At most this many ids of each kind of change. */
const NAMED_IDS = 10

const KINDS = ['added', 'changed', 'restored', 'archived'] as const
const SAID = { added: 'added', changed: 'changed', restored: 'declared again', archived: 'no longer declared' } as const

/** Which surfaces differ: "added: docs; changed: api, web". */
function summarise({ changes, moved }: Difference): string {
  const idsOf = (kind: (typeof KINDS)[number]) => changes.flatMap((change) => (change.kind === kind ? [change.id] : []))
  return [...KINDS.map((kind) => [SAID[kind], idsOf(kind)] as const), ['in another place', moved] as const]
    .filter(([, ids]) => ids.length > 0)
    .map(([said, ids]) => {
      const more = ids.length > NAMED_IDS ? ` and ${ids.length - NAMED_IDS} more` : ''
      return `${said}: ${ids.slice(0, NAMED_IDS).join(', ')}${more}`
    })
    .join('; ')
}
