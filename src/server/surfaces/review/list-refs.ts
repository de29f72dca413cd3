import 'server-only'
import { type Actor, may } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { NamedKind } from '~/domain/ref'
import type { NamedRef, RefChoices } from '~/domain/surface/review'
import type { Deps } from '~/server/deps'
import type { GitHub } from '~/server/github/client'
import { PAGE_LENGTH } from '~/server/github/reads'
import { shareRead } from '~/server/github/recent-reads'
import { listBranches, listCommits, listMatchingRefs, listTags } from '~/server/github/refs'
import { limitGitHubReads } from '~/server/platform/http/rate-limits'
import { findSurface, type SurfaceRow } from '~/server/surfaces/surfaces'

/**
 * Branches (the default branch first), tags and the default ref's recent commits, filtered by `query`. If GitHub has more than one page
 * of names, names that start with `query` are searched among all of them.
 */
export async function listRefs(
  deps: Pick<Deps, 'db' | 'github'>,
  input: { readonly surfaceId: string; readonly query?: string | undefined },
): Promise<RefChoices> {
  const { repository, ref } = await requireSurface(deps, input.surfaceId)
  const { github } = deps
  const query = (input.query ?? '').trim()
  const wanted = query.toLowerCase()
  const matches = (...texts: string[]) => texts.some((text) => text.toLowerCase().includes(wanted))
  const [branches, tags, commits] = await Promise.all([
    findNames(github, { repository, kind: 'branch', query }),
    findNames(github, { repository, kind: 'tag', query }),
    shareRead(github, `commits ${repository} ${ref}`, () => nullIfUnknown(listCommits(github, repository, ref)), {
      keep: true,
    }),
  ])
  return {
    branches: branches.found.toSorted((a, b) => Number(b.name === ref) - Number(a.name === ref)),
    tags: tags.found,
    commits: (commits ?? []).filter((commit) => matches(commit.sha, commit.title, commit.author)),
    defaultMissing: commits === null,
    notes: [...branches.notes, ...tags.notes],
  }
}

/** Null when GitHub does not know the ref. */
async function nullIfUnknown<Found>(asked: Promise<Found>): Promise<Found | null> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof AppError && error.code === 'ref_unknown') return null
    throw error
  }
}

async function findNames(
  github: GitHub,
  asked: { readonly repository: string; readonly kind: NamedKind; readonly query: string },
): Promise<{ readonly found: readonly NamedRef[]; readonly notes: readonly string[] }> {
  const { repository, kind, query } = asked
  const [list, names] = kind === 'branch' ? [listBranches, 'branches'] : [listTags, 'tags']
  const page = await shareRead(github, `${names} ${repository}`, () => list(github, repository), { keep: true })
  const onPage = page.filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()))
  if (page.length < PAGE_LENGTH) return { found: onPage, notes: [] }
  if (query === '') {
    return {
      found: onPage,
      notes: [`Only the first ${PAGE_LENGTH} ${names} are shown. Type the start of a name to find others.`],
    }
  }
  const startingWithQuery = await shareRead(
    github,
    `${names} ${repository} ${query}`,
    async () => (await nullIfUnknown(listMatchingRefs(github, repository, kind, query))) ?? [],
    { keep: true },
  )
  const known = new Set(startingWithQuery.map(({ name }) => name))
  const found = [...startingWithQuery, ...onPage.filter(({ name }) => !known.has(name))]
  const notes = [
    `All ${names} whose names start with this text are found. Names that only contain the text are found among the first ${PAGE_LENGTH} ${names}.`,
    ...(found.length > PAGE_LENGTH
      ? [`Only the first ${PAGE_LENGTH} matching ${names} are shown. Type more of the name to find others.`]
      : []),
  ]
  return { found: found.slice(0, PAGE_LENGTH), notes }
}

/** Throws `surface_unknown` when there is none. */
export async function requireSurface(deps: Pick<Deps, 'db'>, surfaceId: string): Promise<SurfaceRow> {
  const surface = await findSurface(deps.db, surfaceId)
  if (surface !== null) return surface
  throw new AppError('surface_unknown', `There is no surface "${surfaceId}". Check the id.`)
}

/**
 * Admits a read that is only for display. Each account has a limit, since dispatches need GitHub's requests too. When few requests are
 * left, only people who may deploy are admitted.
 *
 * @throws AppError `rate_limited`, `github_unavailable`
 */
export function requireGitHubRead(deps: Pick<Deps, 'github' | 'now' | 'rateLimits'>, actor: Actor): void {
  limitGitHubReads(deps, actor)
  const now = deps.now()
  const scarceUntil = deps.github.rateLimit.pausedUntil(now, 'people')
  if (scarceUntil === null || may(actor, 'deploy.dispatch')) return
  throw new AppError(
    'github_unavailable',
    'The rest of GitHub’s hourly rate limit is reserved for deploys. GitHub was not asked. Try again later.',
    { retryAfterSeconds: Math.ceil((scarceUntil.getTime() - now.getTime()) / 1000) },
  )
}
