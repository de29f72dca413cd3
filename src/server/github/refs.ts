import 'server-only'
import { z } from 'zod'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { fullName, isCommitSha, type NamedKind, parseFullName, shortSha } from '~/domain/ref'
import type { CommitSummary, Comparison, NamedRef } from '~/domain/surface/review'
import { answerOfError, classifyAnswer, explainAnswer } from '~/server/github/answers'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH } from '~/server/github/reads'

/** An operator waits for each of these reads. */
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
  return readRepository({ repository }, z.array(namedRef), (request) =>
    github.request('GET /repos/{owner}/{repo}/branches', {
      ...ownerAndRepo(repository),
      per_page: PAGE_LENGTH,
      request,
    }),
  )
}

export async function listTags(github: GitHub, repository: string): Promise<NamedRef[]> {
  return readRepository({ repository }, z.array(namedRef), (request) =>
    github.request('GET /repos/{owner}/{repo}/tags', { ...ownerAndRepo(repository), per_page: PAGE_LENGTH, request }),
  )
}

export async function listCommits(github: GitHub, repository: string, ref: string): Promise<CommitSummary[]> {
  return readRepository({ repository, ref }, z.array(commitSchema), (request) =>
    github.request('GET /repos/{owner}/{repo}/commits', {
      ...ownerAndRepo(repository),
      sha: ref,
      per_page: 30,
      request,
    }),
  )
}

/** The branches whose newest commit is this one. */
export async function listBranchesAt(github: GitHub, repository: string, sha: string): Promise<NamedRef[]> {
  return readRepository({ repository, ref: sha }, z.array(namedRef), (request) =>
    github.request('GET /repos/{owner}/{repo}/commits/{commit_sha}/branches-where-head', {
      ...ownerAndRepo(repository),
      commit_sha: sha,
      request,
    }),
  )
}

/** A ref as it is stored (its full name or a SHA), with the commit that it points at now. */
export interface ResolvedRef {
  readonly ref: string
  readonly sha: string
}

/**
 * Resolves a full ref name, a short name or a SHA to its commit. A short name is looked up as a branch and as a tag, so that GitHub
 * never guesses.
 *
 * @throws AppError `ref_unknown`, `ref_ambiguous` (a short name of a branch and a tag), `github_unavailable`, `github_refused`
 */
export async function resolveRef(github: GitHub, repository: string, ref: string): Promise<ResolvedRef> {
  if (isCommitSha(ref)) return { ref, sha: (await readCommit(github, repository, ref)).sha }
  const named = parseFullName(ref)
  if (named !== null) {
    const found = await readNamedRef(github, repository, named.kind, named.name)
    if (found === null) throw refUnknown({ repository, ref })
    return found
  }
  const [branch, tag] = await Promise.all([
    readNamedRef(github, repository, 'branch', ref),
    readNamedRef(github, repository, 'tag', ref),
  ])
  if (branch !== null && tag !== null) throw refAmbiguous(ref, branch, tag)
  const found = branch ?? tag
  if (found !== null) return found
  if (!/^[0-9a-f]{7,39}$/.test(ref)) throw refUnknown({ repository, ref })
  const { sha } = await readCommit(github, repository, ref)
  if (!sha.startsWith(ref)) throw refUnknown({ repository, ref })
  return { ref: sha, sha }
}

const refAmbiguous = (ref: string, branch: ResolvedRef, tag: ResolvedRef) =>
  new AppError(
    'ref_ambiguous',
    `${inSentence(ref)} is a branch at ${shortSha(branch.sha)} and a tag at ${shortSha(tag.sha)}. Nothing was deployed. Send the full name of the branch or of the tag.`,
    { details: { branch: { ref: branch.ref, sha: branch.sha }, tag: { ref: tag.ref, sha: tag.sha } } },
  )

const gitObject = z.object({ type: z.string(), sha: z.string() })
const gitRef = z.object({ ref: z.string(), object: gitObject })

/** The branches or tags whose name starts with `prefix`, case-sensitive. GitHub does not page this list. */
export async function listMatchingRefs(
  github: GitHub,
  repository: string,
  kind: NamedKind,
  prefix: string,
): Promise<NamedRef[]> {
  const found = await readRepository({ repository }, z.array(gitRef), (request) =>
    github.request('GET /repos/{owner}/{repo}/git/matching-refs/{ref}', {
      ...ownerAndRepo(repository),
      ref: fullName(kind, prefix).slice('refs/'.length),
      request,
    }),
  )
  return found.map(({ ref, object }) => ({
    name: ref.slice(fullName(kind, '').length),
    sha: object.type === 'commit' ? object.sha : null,
  }))
}

/** Null when there is no such branch or tag. */
async function readNamedRef(
  github: GitHub,
  repository: string,
  kind: NamedKind,
  name: string,
): Promise<ResolvedRef | null> {
  const ref = fullName(kind, name)
  try {
    const found = await readRepository({ repository, ref }, gitRef, (request) =>
      github.request('GET /repos/{owner}/{repo}/git/ref/{ref}', {
        ...ownerAndRepo(repository),
        ref: ref.slice('refs/'.length),
        request,
      }),
    )
    return found.ref === ref ? { ref, sha: await peel(github, { repository, ref }, found.object) } : null
  } catch (error) {
    if (error instanceof AppError && error.code === 'ref_unknown') return null
    throw error
  }
}

/** An annotated tag is an object of its own and may point at another tag. */
async function peel(github: GitHub, asked: Asked, object: z.output<typeof gitObject>): Promise<string> {
  let at = object
  for (let depth = 0; at.type === 'tag' && depth < 5; depth++) {
    const tag_sha = at.sha
    const tag = await readRepository(asked, z.object({ object: gitObject }), (request) =>
      github.request('GET /repos/{owner}/{repo}/git/tags/{tag_sha}', {
        ...ownerAndRepo(asked.repository),
        tag_sha,
        request,
      }),
    )
    at = tag.object
  }
  if (at.type !== 'commit') throw refUnknown(asked)
  return at.sha
}

/** A commit by its SHA. Throws `ref_unknown` when there is none. */
export async function readCommit(github: GitHub, repository: string, sha: string): Promise<CommitSummary> {
  return readRepository({ repository, ref: sha }, commitSchema, (request) =>
    github.request('GET /repos/{owner}/{repo}/commits/{ref}', { ...ownerAndRepo(repository), ref: sha, request }),
  )
}

const committed = z.object({
  sha: z.string(),
  commit: z.object({ committer: z.object({ date: z.iso.datetime({ offset: true }) }).nullable() }),
})

/** When a commit was committed, as its committer's clock said. Null if GitHub has no such commit, or it names no time. */
export async function readCommitterTime(github: GitHub, repository: string, sha: string): Promise<Date | null> {
  try {
    const found = await readRepository({ repository, ref: sha }, committed, (request) =>
      github.request('GET /repos/{owner}/{repo}/commits/{ref}', { ...ownerAndRepo(repository), ref: sha, request }),
    )
    return found.sha === sha && found.commit.committer !== null ? new Date(found.commit.committer.date) : null
  } catch (error) {
    if (error instanceof AppError && error.code === 'ref_unknown') return null
    throw error
  }
}

/** Compares two commits in both directions. Null when GitHub cannot compare them. */
export async function compareCommits(
  github: GitHub,
  repository: string,
  base: string,
  head: string,
): Promise<Comparison | null> {
  try {
    const compared = await readRepository({ repository }, comparisonSchema, (request) =>
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
      commits: compared.commits.slice(-PAGE_LENGTH).toReversed(),
      removed: [],
      touching: null,
      url: compared.html_url,
    }
  } catch (error) {
    // GitHub does not know the running commit if it was removed by a force push or built elsewhere.
    if (error instanceof AppError && error.code === 'ref_unknown') return null
    throw error
  }
}

const refUnknown = (asked: Asked, cause?: unknown) => {
  const what = asked.ref === undefined ? 'the requested data' : inSentence(asked.ref)
  return new AppError('ref_unknown', `GitHub did not find ${what} in ${asked.repository}. Choose another ref.`, {
    cause,
  })
}

interface Asked {
  readonly repository: string
  readonly ref?: string
}

/** Sends one read, parses the answer, and turns every failure into an AppError. */
export async function readRepository<Answer>(
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
  throw new AppError(
    'github_unavailable',
    'GitHub’s answer does not match its documentation. Nothing was changed. Try again.',
    {
      cause: parsed.error,
    },
  )
}

function readFailure(error: unknown, asked: Asked): AppError {
  const answer = answerOfError(error)
  const outcome = classifyAnswer('resolve', answer)
  if (outcome.kind === 'gone') return refUnknown(asked, error)
  const isLater = outcome.kind === 'later' && outcome.limit === null
  if (outcome.kind !== 'unknown' && !isLater)
    return new AppError('github_refused', explainAnswer('resolve', answer, asked), { cause: error })
  return new AppError('github_unavailable', 'GitHub does not answer right now. Nothing was changed. Try again.', {
    cause: error,
  })
}
