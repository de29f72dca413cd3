import 'server-only'
import { AppError } from '~/domain/errors'
import { fullName } from '~/domain/ref'
import type { Deps } from '~/server/deps'
import { findTouchingCommits } from '~/server/github/path-commits'
import { compareCommits, readCommit, resolveRef } from '~/server/github/refs'
import { findDefaultRef, findLook, recordDefaultRef, recordLook } from '~/server/surfaces/follow/repository-looks'
import {
  confirmDrift,
  knownVersion,
  listGridSurfaces,
  listSurfaces,
  recordDrift,
  recordResolvedVersion,
  type SurfaceRow,
  versionSourceOf,
} from '~/server/surfaces/surfaces'
import { recordActivity } from '~/server/webhooks/webhook-hearings.sql'

type MeasureDeps = Pick<Deps, 'db' | 'github' | 'now'>

/**
 * Measures the drift of a repository's surfaces: how many commits each running version is behind and ahead of its default ref. GitHub
 * compares each pair of commits once, even if several surfaces run the same commit, and not again while neither changes.
 *
 * @throws AppError `github_unavailable`, `github_refused`
 */
export async function measureDrift(deps: MeasureDeps, repository: string): Promise<void> {
  const at = deps.now()
  await resolveVersions(deps, repository)
  const surfaces = (await listSurfaces(deps.db)).filter(
    (surface) => isOf(surface, repository) && surface.runningSha !== null,
  )
  const before = await findLook(deps.db, repository, 'refs')
  await recordLook(deps.db, repository, 'refs', { lookedAt: at })
  for (const ref of new Set(surfaces.map((surface) => surface.ref))) {
    const onRef = surfaces.filter((surface) => surface.ref === ref)
    const { sha: head, moved } = await findHead(deps, onRef[0]?.repository ?? repository, ref)
    if (moved) {
      await recordLook(deps.db, repository, 'refs', { lookedAt: at, changedAt: at })
      // The ref moved at some time since the previous look, so a webhook since then counts as the announcement.
      await recordActivity(deps.db, { repository, subject: 'refs', at: before?.lookedAt ?? at })
    }
    for (const same of groupBy(onRef, ({ runningSha, paths }) => JSON.stringify([runningSha, paths]))) {
      await measure(deps, same, head, at)
    }
  }
}

const isOf = (surface: SurfaceRow, repository: string) => surface.repository.toLowerCase() === repository.toLowerCase()

/**
 * Asks GitHub for the commits of tags and abbreviated commits that a repository's surfaces report. A commit that is known stays, unless its tag was moved: then
 * nothing tells which of the two commits the surface runs.
 *
 * @throws AppError `github_unavailable`, `github_refused`
 */
export async function resolveVersions(deps: Pick<Deps, 'db' | 'github'>, repository: string): Promise<void> {
  // With surfaces that have left surfaces.yaml, because the health check of their deploy goes on.
  const surfaces = (await listGridSurfaces(deps.db)).filter((surface) => isOf(surface, repository))
  const asked = surfaces.flatMap((surface) => {
    const { name, sha, problem } = knownVersion(surface)
    const isTag = versionSourceOf(surface)?.is === 'ref'
    const isSettled = problem === 'not_commit' || problem === 'moved' || (sha !== null && !isTag)
    return name === null || isSettled ? [] : [{ id: surface.id, repository: surface.repository, name, sha, isTag }]
  })
  for (const same of groupBy(asked, ({ name, isTag }) => `${isTag} ${name}`)) {
    const [first] = same
    if (first === undefined) continue
    const found = await resolveUnlessUnknown(() => findNamedCommit(deps.github, first))
    for (const { id, name, sha } of same) {
      if (sha !== null && (found === null || found === sha)) continue
      const problem = sha !== null ? 'moved' : found === null ? 'not_found' : null
      await recordResolvedVersion(deps.db, [id], { name, sha: problem === null ? found : null, problem })
    }
  }
}

/** The one commit that GitHub knows under this tag or abbreviation; null if it knows none. */
async function findNamedCommit(
  github: MeasureDeps['github'],
  { repository, name, isTag }: { readonly repository: string; readonly name: string; readonly isTag: boolean },
): Promise<string | null> {
  if (isTag) return (await resolveRef(github, repository, fullName('tag', name))).sha
  // GitHub also takes the name of a branch or tag here.
  const { sha } = await readCommit(github, repository, name)
  return sha.startsWith(name) ? sha : null
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return [...groups.values()]
}

/** Records the drift of surfaces that run the same commit and count the same paths. */
async function measure(
  { db, github }: MeasureDeps,
  same: readonly SurfaceRow[],
  head: string | null,
  at: Date,
): Promise<void> {
  const [first] = same
  if (first === undefined || first.runningSha === null) return
  const { repository, runningSha, paths } = first
  const ids = same.map(({ id }) => id)
  const counted = head === null ? undefined : same.find(({ comparedSha }) => comparedSha === head)
  if (counted !== undefined && same.every(({ comparedSha }) => comparedSha === head))
    return confirmDrift(db, ids, { runningSha, at })
  const between = head === null || counted !== undefined ? null : { base: runningSha, head, paths }
  const compared = between === null ? null : await countCommits(github, repository, between)
  const behind = counted === undefined ? (compared?.adds ?? null) : counted.behindBy
  const ahead = counted === undefined ? (compared?.removes ?? null) : counted.aheadBy
  await recordDrift(db, ids, { runningSha, comparedSha: head, behind, ahead, at })
}

/** How many commits `head` adds to `base` and removes from it, of those that touch the paths if there are any; null if unknown. */
async function countCommits(
  github: MeasureDeps['github'],
  repository: string,
  between: { readonly base: string; readonly head: string; readonly paths: readonly string[] },
): Promise<{ readonly adds: number; readonly removes: number } | null> {
  if (between.paths.length === 0) return compareCommits(github, repository, between.base, between.head)
  const touching = await findTouchingCommits(github, repository, between)
  return touching === null ? null : { adds: touching.adds.length, removes: touching.removes.length }
}

/**
 * The commit of a default ref; null when GitHub does not know the ref, or knows a branch and a tag of that name. A short name is first
 * looked up by its recorded full name, and again as branch and tag when that has moved.
 */
async function findHead(
  { db, github }: MeasureDeps,
  repository: string,
  ref: string,
): Promise<{ readonly sha: string | null; readonly moved: boolean }> {
  const known = await findDefaultRef(db, repository, ref)
  const there = known === null ? null : await resolveUnlessUnknown(() => resolveRef(github, repository, known.fullName))
  if (known !== null && there?.sha === known.sha) return { sha: known.sha, moved: false }
  const found = await resolveUnlessUnknown(() => resolveRef(github, repository, ref))
  await recordDefaultRef(db, repository, ref, found === null ? null : { fullName: found.ref, sha: found.sha })
  return { sha: found?.sha ?? null, moved: known !== null }
}

async function resolveUnlessUnknown<Found>(resolve: () => Promise<Found>): Promise<Found | null> {
  try {
    return await resolve()
  } catch (error) {
    if (error instanceof AppError && (error.code === 'ref_unknown' || error.code === 'ref_ambiguous')) return null
    throw error
  }
}
