import 'server-only'
import { AppError } from '~/domain/errors'
import type { Comparison } from '~/domain/surface/review'
import type { GitHub } from '~/server/github/client'
import { askedOnce } from '~/server/github/recent-reads'
import { compareCommits } from '~/server/github/refs'

/** Null while GitHub does not answer. */
export const unlessAway = <Answer>(asked: Promise<Answer>): Promise<Answer | null> =>
  asked.catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'github_unavailable') return null
    throw error
  })

/** Of two commits, which do not change: an answer that was just given is as good as another. */
export const comparisonOf = (
  github: GitHub,
  repository: string,
  base: string,
  head: string,
): Promise<Comparison | null> =>
  askedOnce(github, `compare ${repository} ${base} ${head}`, () => compareBothWays(github, repository, base, head), {
    keep: true,
  })

/** GitHub lists what `head` adds; what it takes away is the list of the comparison the other way round. */
async function compareBothWays(github: GitHub, repository: string, base: string, head: string) {
  const comparison = await compareCommits(github, repository, base, head)
  if (comparison === null || comparison.removes === 0) return comparison
  const back = await compareCommits(github, repository, head, base)
  return { ...comparison, removed: back?.commits ?? [] }
}
