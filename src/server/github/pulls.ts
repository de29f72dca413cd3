import 'server-only'
import { z } from 'zod'
import type { PullRequest } from '~/domain/surface/review'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH } from '~/server/github/reads'

/** The review waits this long for the pull requests, and then goes on without them. */
const LIMIT_MS = 4_000

const pull = z.object({
  number: z.int(),
  title: z.string(),
  html_url: z.string(),
  updated_at: z.string().nullish(),
  merged_at: z.string().nullish(),
  merge_commit_sha: z.string().nullable(),
  user: z.object({ login: z.string() }).nullable(),
})

export interface MergedPulls {
  readonly pulls: readonly PullRequest[]
  /** Every pull request that was merged since is listed. Null: all of the repository; undefined: not known. */
  readonly since: string | null | undefined
}

/**
 * The pull requests that were merged, of the hundred that were last updated: one request, whose answer is shared, instead of one for
 * each commit of a review (docs/adr/028). `sha`: the commit that brought it in, which is the squashed one, or the merge.
 */
export async function listMergedPulls(github: GitHub, repository: string): Promise<MergedPulls> {
  const { data } = await github.request('GET /repos/{owner}/{repo}/pulls', {
    ...ownerAndRepo(repository),
    state: 'closed',
    sort: 'updated',
    direction: 'desc',
    per_page: PAGE_LENGTH,
    request: { signal: AbortSignal.timeout(LIMIT_MS) },
  })
  const listed = z.array(pull).parse(data)
  const pulls = listed.flatMap(({ number, title, html_url: url, merged_at, merge_commit_sha: sha, user }) =>
    sha === null || merged_at == null ? [] : [{ number, title, url, sha, author: user?.login ?? 'unknown' }],
  )
  return { pulls, since: listed.length < PAGE_LENGTH ? null : (listed.at(-1)?.updated_at ?? undefined) }
}
