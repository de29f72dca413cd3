import { logCommits } from '~/sandbox/git/commits'
import type { ApiDeps } from '~/sandbox/github/api-deps'
import type { Endpoint } from '~/sandbox/github/endpoints/endpoint'
import { fullRepositoryShape } from '~/sandbox/github/shapes/repository'
import { type Answer, json } from '~/sandbox/http/answer'

const get = async ({ repository, urls }: ApiDeps): Promise<Answer> => {
  const commits = await logCommits(repository, `refs/heads/${repository.defaultBranch}`, { limit: 1000 })
  const createdAt = commits.at(-1)?.committer.date ?? ''
  const pushedAt = commits.at(0)?.committer.date ?? ''
  return json(200, fullRepositoryShape(urls, repository, { createdAt, pushedAt }))
}

export const repositoryEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '', handle: () => get(deps) },
]
