import 'server-only'
import { z } from 'zod'
import { AppError } from '~/domain/errors'
import type { CommitSummary, Comparison, NamedRef } from '~/domain/surface'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { explainRefusal } from '~/server/github/explain-refusal'
import { asGitHubError, isRefusal } from '~/server/github/github-error'

/** An operator is waiting for each of these, so none waits long. */
const READ_TIMEOUT_MS = 8_000

const commitSchema = z
  .object({
    sha: z.string(),
    html_url: z.string(),
    commit: z.object({
      message: z.string(),
      author: z.object({ name: z.string().optional(), date: z.string().optional() }).nullable(),
    }),
    author: z.object({ login: z.string().optional() }).nullish(),
  })
  .transform(
    (commit): CommitSummary => ({
      sha: commit.sha,
      title: commit.commit.message.split('\n', 1)[0] ?? '',
      author: commit.author?.login ?? commit.commit.author?.name ?? 'unknown',
      at: commit.commit.author?.date ?? '',
      url: commit.html_url,
    }),
  )

const namedRef = z
  .object({ name: z.string(), commit: z.object({ sha: z.string() }) })
  .transform((ref): NamedRef => ({ name: ref.name, sha: ref.commit.sha }))

const comparisonSchema = z.object({
  status: z.enum(['identical', 'ahead', 'behind', 'diverged']),
  ahead_by: z.int(),
  behind_by: z.int(),
  html_url: z.string(),
  commits: z.array(commitSchema),
})

export async function listBranches(github: GitHub, repository: string): Promise<NamedRef[]> {
  return read({ repository }, z.array(namedRef), (request) =>
    github.request('GET /repos/{owner}/{repo}/branches', { ...ownerAndRepo(repository), per_page: 100, request }),
  )
}

export async function listTags(github: GitHub, repository: string): Promise<NamedRef[]> {
  return read({ repository }, z.array(namedRef), (request) =>
    github.request('GET /repos/{owner}/{repo}/tags', { ...ownerAndRepo(repository), per_page: 100, request }),
  )
}

export async function listCommits(github: GitHub, repository: string, ref: string): Promise<CommitSummary[]> {
  return read({ repository, ref }, z.array(commitSchema), (request) =>
    github.request('GET /repos/{owner}/{repo}/commits', {
      ...ownerAndRepo(repository),
      sha: ref,
      per_page: 30,
      request,
    }),
  )
}

/** The commit a branch, tag or SHA points at now. Throws `ref_unknown` when there is none. */
export async function readCommit(github: GitHub, repository: string, ref: string): Promise<CommitSummary> {
  return read({ repository, ref }, commitSchema, (request) =>
    github.request('GET /repos/{owner}/{repo}/commits/{ref}', { ...ownerAndRepo(repository), ref, request }),
  )
}

/** What `head` has that `base` lacks, and the other way round. Null when GitHub cannot compare the two. */
export async function compareCommits(
  github: GitHub,
  repository: string,
  base: string,
  head: string,
): Promise<Comparison | null> {
  try {
    const compared = await read({ repository }, comparisonSchema, (request) =>
      github.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
        ...ownerAndRepo(repository),
        basehead: `${base}...${head}`,
        request,
      }),
    )
    return {
      kind: compared.status,
      adds: compared.ahead_by,
      removes: compared.behind_by,
      commits: compared.commits.toReversed(),
      url: compared.html_url,
    }
  } catch (error) {
    // A version that GitHub does not know (force-pushed away, or built elsewhere) cannot be compared.
    if (error instanceof AppError && error.code === 'ref_unknown') return null
    throw error
  }
}

interface Asked {
  readonly repository: string
  readonly ref?: string
}

/** Sends one read, checks the answer, and turns what goes wrong into the console's own errors. */
async function read<Answer>(
  asked: Asked,
  schema: z.ZodType<Answer>,
  send: (request: { signal: AbortSignal }) => Promise<{ data: unknown }>,
): Promise<Answer> {
  let data: unknown
  try {
    data = (await send({ signal: AbortSignal.timeout(READ_TIMEOUT_MS) })).data
  } catch (error) {
    throw readFailure(error, asked)
  }
  const parsed = schema.safeParse(data)
  if (parsed.success) return parsed.data
  throw new AppError('github_unavailable', 'GitHub’s answer was not what its documentation says. Try again.', {
    cause: parsed.error,
  })
}

function readFailure(error: unknown, asked: Asked): AppError {
  const answer = asGitHubError(error)
  if (answer !== null && isRefusal(answer)) {
    const nowhere = answer.status === 404 || answer.status === 409 || answer.status === 422
    if (nowhere) {
      const what = asked.ref === undefined ? 'what was asked for' : `"${asked.ref}"`
      return new AppError('ref_unknown', `GitHub knows no ${what} in ${asked.repository}. Choose another ref.`, {
        cause: error,
      })
    }
    return new AppError('github_refused', explainRefusal(answer, asked), { cause: error })
  }
  return new AppError('github_unavailable', 'GitHub does not answer right now. Nothing was changed; try again.', {
    cause: error,
  })
}
