import 'server-only'
import { z } from 'zod'
import { answerOfError, classifyAnswer } from '~/server/github/answers'
import { type GitHub, ownerAndRepo } from '~/server/github/client'

/** GitHub's longest page. */
export const PAGE_LENGTH = 100
/** GitHub lists no more than a thousand runs of a search. */
const PAGES_AT_MOST = 10

/**
 * Reads a paged list to its end, until `found` holds for the items read, or up to `atMost` pages. `complete` is false when GitHub
 * may have more items.
 */
export async function readPages<Item>(
  readPage: (page: number) => Promise<readonly Item[]>,
  options: {
    readonly length?: number
    readonly atMost?: number
    readonly found?: (items: readonly Item[]) => boolean
  } = {},
): Promise<{ readonly items: Item[]; readonly complete: boolean }> {
  const { length = PAGE_LENGTH, atMost = PAGES_AT_MOST, found = () => false } = options
  const items: Item[] = []
  for (let page = 1; page <= atMost; page += 1) {
    const read = await readPage(page)
    items.push(...read)
    if (read.length < length) return { items, complete: true }
    if (found(items)) break
  }
  return { items, complete: false }
}

/**
 * Null when the requested thing does not exist. GitHub answers 404 both for missing things and for hidden ones, so a 404 counts only
 * while the repository itself is visible.
 *
 * @throws the error of GitHub's client when the repository is not visible, which proves nothing
 */
export async function nullIfMissing<Answer>(
  github: GitHub,
  repository: string,
  signal: AbortSignal,
  ask: () => Promise<Answer>,
): Promise<Answer | null> {
  try {
    return await ask()
  } catch (error) {
    if (classifyAnswer('look', answerOfError(error)).kind !== 'gone') throw error
    await github.request('GET /repos/{owner}/{repo}', { ...ownerAndRepo(repository), request: { signal } })
    return null
  }
}

const VARIABLE_TIMEOUT_MS = 5_000

const variable = z.object({ value: z.string() })

/**
 * The value of a repository variable; null when the variable is not set.
 *
 * @throws Octokit's error when GitHub refuses or does not answer, or does not show the repository to these credentials
 */
export async function readVariable(github: GitHub, repository: string, name: string): Promise<string | null> {
  const signal = AbortSignal.timeout(VARIABLE_TIMEOUT_MS)
  const found = await nullIfMissing(github, repository, signal, () =>
    github.request('GET /repos/{owner}/{repo}/actions/variables/{name}', {
      ...ownerAndRepo(repository),
      name,
      request: { signal },
    }),
  )
  return found === null ? null : variable.parse(found.data).value
}
