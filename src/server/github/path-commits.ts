import 'server-only'
import { z } from 'zod'
import { AppError } from '~/domain/errors'
import { folderOf } from '~/domain/surface/paths'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH, readPages } from '~/server/github/reads'
import { readRepository } from '~/server/github/refs'

const added = z.object({
  ahead_by: z.int(),
  behind_by: z.int(),
  commits: z.array(
    z.object({ sha: z.string(), commit: z.object({ committer: z.object({ date: z.string().nullish() }).nullish() }) }),
  ),
})

/** The commits that touch some paths, newest first: those that `head` adds to `base`, and those that it removes. */
export interface TouchingCommits {
  readonly adds: readonly string[]
  readonly removes: readonly string[]
}

/**
 * Which commits between two commits touch the paths, by GitHub's history of each path. GitHub compares commits without their files, and lists
 * the commits of one path without a base, so both lists are read and intersected. The history leaves out what a merge undid. Null if GitHub
 * cannot compare the commits, or if one of the lists is not complete.
 *
 * @throws AppError `github_unavailable`, `github_refused`
 */
export async function findTouchingCommits(
  github: GitHub,
  repository: string,
  { base, head, paths }: { readonly base: string; readonly head: string; readonly paths: readonly string[] },
): Promise<TouchingCommits | null> {
  const forward = await readAdded(github, repository, base, head)
  if (forward === null) return null
  const back = forward.behind_by === 0 ? null : await readAdded(github, repository, head, base)
  const adds = await keepTouching(github, repository, { of: head, added: forward, paths })
  const removes = back === null ? [] : await keepTouching(github, repository, { of: base, added: back, paths })
  return adds === null || removes === null || (back === null && forward.behind_by > 0) ? null : { adds, removes }
}

/** Null if GitHub does not know one of the commits. */
async function readAdded(github: GitHub, repository: string, base: string, head: string) {
  try {
    return await readRepository({ repository }, added, (request) =>
      github.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
        ...ownerAndRepo(repository),
        basehead: `${base}...${head}`,
        request,
      }),
    )
  } catch (error) {
    if (error instanceof AppError && error.code === 'ref_unknown') return null
    throw error
  }
}

/** Pages of a path's commits: more than a comparison may list. */
const PAGES_AT_MOST = 3

/**
 * Every commit from `of` back to an added one is itself added, so the list of a path's commits since the oldest of them holds them all.
 * GitHub does not say whether `since` includes its second.
 */
async function keepTouching(
  github: GitHub,
  repository: string,
  { of, added: { ahead_by, commits }, paths }: { of: string; added: z.output<typeof added>; paths: readonly string[] },
): Promise<string[] | null> {
  if (commits.length === 0 && ahead_by === 0) return []
  const dates = commits.map(({ commit }) => Date.parse(commit.committer?.date ?? ''))
  if (commits.length < ahead_by || dates.some(Number.isNaN)) return null
  const since = new Date(Math.min(...dates) - 1_000).toISOString().replace(/\.\d{3}Z$/, 'Z')
  const touching = new Set<string>()
  for (const path of paths) {
    const listed = await readPages((page) => listPathCommits(github, repository, { sha: of, path, since, page }), {
      atMost: PAGES_AT_MOST,
    })
    if (!listed.complete) return null
    if (listed.items.length === 0 && !(await hasHistory(github, repository, of, path))) return null
    for (const { sha } of listed.items) touching.add(sha)
  }
  return commits
    .map(({ sha }) => sha)
    .filter((sha) => touching.has(sha))
    .toReversed()
}

interface PathList {
  readonly sha: string
  readonly path: string
  readonly since?: string
  readonly page: number
  readonly per_page?: number
}

const listPathCommits = (github: GitHub, repository: string, { path, ...list }: PathList) =>
  readRepository({ repository, ref: list.sha }, z.array(z.object({ sha: z.string() })), (request) =>
    github.request('GET /repos/{owner}/{repo}/commits', {
      ...ownerAndRepo(repository),
      per_page: PAGE_LENGTH,
      ...list,
      path: folderOf(path),
      request,
    }),
  )

/** A path without any commit may be mistyped, so it proves nothing. */
const hasHistory = async (github: GitHub, repository: string, sha: string, path: string): Promise<boolean> =>
  (await listPathCommits(github, repository, { sha, path, page: 1, per_page: 1 })).length > 0
