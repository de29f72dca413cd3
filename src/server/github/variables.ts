import 'server-only'
import { z } from 'zod'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { unlessNotThere } from '~/server/github/unless-not-there'

const LIMIT_MS = 5_000

const variable = z.object({ value: z.string() })

/**
 * The value of a repository variable; null when it is not set.
 *
 * @throws Octokit's error when GitHub does not give it, or does not show the repository to these credentials
 */
export async function readVariable(github: GitHub, repository: string, name: string): Promise<string | null> {
  const signal = AbortSignal.timeout(LIMIT_MS)
  const found = await unlessNotThere(github, repository, signal, () =>
    github.request('GET /repos/{owner}/{repo}/actions/variables/{name}', {
      ...ownerAndRepo(repository),
      name,
      request: { signal },
    }),
  )
  return found === null ? null : variable.parse(found.data).value
}
