import 'server-only'
import { AppError } from '~/domain/errors'
import type { RefChoices } from '~/domain/surface'
import { findSurface, type SurfaceRow } from '~/server/db/surfaces'
import type { Deps } from '~/server/deps'
import { askedOnce } from '~/server/github/recent-reads'
import { listBranches, listCommits, listTags } from '~/server/github/refs'

/** Branches (the default one first), tags and the default branch's recent commits; filtered by `query` when given. */
export async function listRefs(
  deps: Pick<Deps, 'sql' | 'github'>,
  input: { readonly surfaceId: string; readonly query?: string | undefined },
): Promise<RefChoices> {
  const { repository, ref } = await knownSurface(deps, input.surfaceId)
  const [branches, tags, commits] = await Promise.all([
    askedOnce(deps.github, `branches ${repository}`, () => listBranches(deps.github, repository), { keep: true }),
    askedOnce(deps.github, `tags ${repository}`, () => listTags(deps.github, repository), { keep: true }),
    askedOnce(deps.github, `commits ${repository} ${ref}`, () => listCommits(deps.github, repository, ref), {
      keep: true,
    }),
  ])
  const query = (input.query ?? '').trim().toLowerCase()
  const matches = (...texts: string[]) => texts.some((text) => text.toLowerCase().includes(query))
  return {
    branches: branches
      .toSorted((a, b) => Number(b.name === ref) - Number(a.name === ref))
      .filter((branch) => matches(branch.name)),
    tags: tags.filter((tag) => matches(tag.name)),
    commits: commits.filter((commit) => matches(commit.sha, commit.title, commit.author)),
  }
}

/** Throws `surface_unknown` when there is none. */
export async function knownSurface(deps: Pick<Deps, 'sql'>, surfaceId: string): Promise<SurfaceRow> {
  const surface = await findSurface(deps.sql, surfaceId)
  if (surface !== null) return surface
  throw new AppError('surface_unknown', `There is no surface "${surfaceId}".`)
}
