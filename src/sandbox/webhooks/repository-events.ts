import { type FSWatcher, watch } from 'node:fs'
import path from 'node:path'
import { type Commit, logCommits, readCommit } from '~/sandbox/git/commits'
import { listGitRefs } from '~/sandbox/git/refs'
import { tryInRepository } from '~/sandbox/git/repository'
import type { ApiDeps } from '~/sandbox/github/endpoint'
import {
  fullRepositoryShape,
  organizationShape,
  repositoryPage,
  repositoryUrl,
} from '~/sandbox/github/shapes/repository'
import { userByLogin } from '~/sandbox/github/shapes/user'
import type { Deliveries, Delivery } from '~/sandbox/webhooks/deliveries'

type Needs = Pick<ApiDeps, 'urls' | 'repository'>

const TICKED = ['deployment_review', 'push', 'workflow_job', 'workflow_run']
const NO_COMMIT = '0'.repeat(40)
/** GitHub lists at most this many commits of a push. */
const LISTED = 2048

/** The members of every event: the repository, its organisation and the sender. */
export const commonOf = async ({ urls, repository }: Needs, actor: string) => {
  const commits = await logCommits(repository, `refs/heads/${repository.defaultBranch}`, { limit: 1000 })
  const times = { createdAt: commits.at(-1)?.committer.date ?? '', pushedAt: commits.at(0)?.committer.date ?? '' }
  return {
    repository: fullRepositoryShape(urls, repository, times),
    organization: organizationShape(urls, repository),
    sender: userByLogin(urls, actor),
  }
}

export const pingOf = async (deps: Needs, url: string): Promise<Delivery> => {
  const at = `${new Date().toISOString().slice(0, 19)}Z`
  const hook = {
    type: 'Repository',
    id: 1,
    name: 'web',
    active: true,
    events: TICKED,
    config: { content_type: 'json', insecure_ssl: '0', url },
    created_at: at,
    updated_at: at,
    url: `${repositoryUrl(deps.urls, deps.repository)}/hooks/1`,
  }
  const zen = 'Approachable is better than simple.'
  return { event: 'ping', payload: { zen, hook_id: 1, hook, ...(await commonOf(deps, '')) } }
}

type Refs = ReadonlyMap<string, string>

/** Sends a push event for each branch that moves. Watches one directory, so it misses moves of branches with a slash in their name. */
export const announcePushes = async (deps: Needs, deliveries: Deliveries): Promise<FSWatcher> => {
  const readRefs = async (): Promise<Refs> =>
    new Map((await listGitRefs(deps.repository)).map(({ ref, object }) => [ref, object.sha]))
  let known = await readRefs()
  const announce = async (): Promise<readonly Delivery[]> => {
    const before = known
    known = await readRefs()
    const names = [...new Set([...before.keys(), ...known.keys()])]
    const moved = names.filter((ref) => ref.startsWith('refs/heads/') && before.get(ref) !== known.get(ref))
    return Promise.all(moved.map((ref) => pushOf(deps, ref, before.get(ref), known.get(ref))))
  }
  return watch(path.join(deps.repository.gitDir, 'refs/heads'), () => deliveries.send(announce))
}

const pushOf = async (
  deps: Needs,
  ref: string,
  before: string | undefined,
  after: string | undefined,
): Promise<Delivery> => {
  const { repository, urls } = deps
  const range = before === undefined ? after : `${before}..${after}`
  const commits = after === undefined ? [] : await logCommits(repository, range ?? after, { limit: LISTED })
  const head = after === undefined ? null : await readCommit(repository, after)
  const shown = (commit: Commit) => shownCommit(deps, commit)
  const common = await commonOf(deps, '')
  const page = repositoryPage(urls, repository)
  return {
    event: 'push',
    payload: {
      ref,
      before: before ?? NO_COMMIT,
      after: after ?? NO_COMMIT,
      created: before === undefined,
      deleted: after === undefined,
      forced: await isForced(deps, before, after),
      base_ref: null,
      compare: `${page}/compare/${before?.slice(0, 12)}...${after?.slice(0, 12)}`,
      commits: commits.toReversed().map(shown),
      head_commit: head === null ? null : shown(head),
      pusher: { name: common.sender.login, email: null },
      ...common,
      // In push events alone, GitHub gives the organisation by its name.
      repository: { ...common.repository, organization: repository.owner },
    },
  }
}

const isForced = async ({ repository }: Needs, before: string | undefined, after: string | undefined) =>
  before !== undefined &&
  after !== undefined &&
  (await tryInRepository(repository, ['merge-base', '--is-ancestor', before, after])).code !== 0

const shownCommit = ({ urls, repository }: Needs, { sha, tree, message, author, committer }: Commit) => ({
  id: sha,
  tree_id: tree,
  distinct: true,
  message,
  timestamp: committer.date,
  url: `${repositoryPage(urls, repository)}/commit/${sha}`,
  author: { name: author.name, email: author.email },
  committer: { name: committer.name, email: committer.email },
  added: [],
  removed: [],
  modified: [],
})
