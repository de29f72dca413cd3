import 'server-only'
import type { Look, Looked } from '~/domain/github/look-pace'
import type { DatabaseHandle } from '~/server/platform/database'

/** Keys are in lower case, since GitHub ignores the case of repository names. */
const keyOf = (repository: string, look: Look) => ({ repository_look: { repository: repository.toLowerCase(), look } })

/** The last look of this kind at each repository, by its name in lower case. */
export async function readLooks(db: DatabaseHandle, look: Look): Promise<ReadonlyMap<string, Looked>> {
  const rows = await db.repositoryLook.findMany({
    where: { look },
    select: { repository: true, lookedAt: true, changedAt: true },
  })
  return new Map(rows.map(({ repository, ...looked }) => [repository, looked]))
}

export function findLook(db: DatabaseHandle, repository: string, look: Look) {
  return db.repositoryLook.findUnique({ where: keyOf(repository, look) })
}

/** Records a look. Omitted values keep what is stored. */
export async function recordLook(
  db: DatabaseHandle,
  repository: string,
  look: Look,
  seen: {
    readonly lookedAt: Date
    readonly changedAt?: Date
    readonly newestRunId?: bigint | null
    readonly workflows?: readonly string[]
    readonly workflowsListedAt?: Date
  },
): Promise<void> {
  const { workflows, ...rest } = seen
  const data = { ...rest, ...(workflows === undefined ? {} : { workflows: [...workflows] }) }
  const where = keyOf(repository, look)
  await db.repositoryLook.upsert({ where, create: { ...where.repository_look, ...data }, update: data })
}

export function findDefaultRef(db: DatabaseHandle, repository: string, ref: string) {
  return db.defaultRef.findUnique({ where: { repository_ref: { repository: repository.toLowerCase(), ref } } })
}

/** `found: null`: GitHub does not know the ref, or knows a branch and a tag of that name. */
export async function recordDefaultRef(
  db: DatabaseHandle,
  repository: string,
  ref: string,
  found: { readonly fullName: string; readonly sha: string } | null,
): Promise<void> {
  const key = { repository: repository.toLowerCase(), ref }
  if (found === null) return void (await db.defaultRef.deleteMany({ where: key }))
  await db.defaultRef.upsert({ where: { repository_ref: key }, create: { ...key, ...found }, update: found })
}
