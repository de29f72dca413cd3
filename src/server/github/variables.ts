import 'server-only'
import { z } from 'zod'
import { type GitHub, ownerAndRepo } from '~/server/github/client'

const LIMIT_MS = 5_000

const variable = z.object({ value: z.string() })

/** The value of a repository variable. Throws Octokit's error when GitHub does not give it; 404 means it is not set. */
export async function readVariable(github: GitHub, repository: string, name: string): Promise<string> {
  const { data } = await github.request('GET /repos/{owner}/{repo}/actions/variables/{name}', {
    ...ownerAndRepo(repository),
    name,
    request: { signal: AbortSignal.timeout(LIMIT_MS) },
  })
  return variable.parse(data).value
}
