import type { Repository } from '~/sandbox/git/repository'
import type { Urls } from '~/sandbox/github/endpoint'
import { nodeIdOf, userShape } from '~/sandbox/github/shapes/user'

export const OWNER_ID = 88_120_431

/** The links of a repository, as paths or templates below the repository's URL. */
const LINKS: Readonly<Record<string, string>> = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}',
}

export const repositoryUrl = (urls: Urls, repository: Repository): string =>
  `${urls.api}/repos/${repository.owner}/${repository.name}`

export const repositoryPage = (urls: Urls, repository: Repository): string =>
  `${urls.web}/${repository.owner}/${repository.name}`

const ownerShape = (urls: Urls, repository: Repository) =>
  userShape(urls, { login: repository.owner, id: OWNER_ID }, 'Organization')

/** The owner in a webhook. */
export const organizationShape = (urls: Urls, repository: Repository) => {
  const url = `${urls.api}/orgs/${repository.owner}`
  return {
    login: repository.owner,
    id: OWNER_ID,
    node_id: nodeIdOf('O_', OWNER_ID),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${urls.web}/avatars/${OWNER_ID}`,
    description: null,
  }
}

/** The short form inside a run. */
export const minimalRepositoryShape = (urls: Urls, repository: Repository) => {
  const url = repositoryUrl(urls, repository)
  return {
    id: repository.id,
    node_id: nodeIdOf('R_', repository.id),
    name: repository.name,
    full_name: `${repository.owner}/${repository.name}`,
    owner: ownerShape(urls, repository),
    private: true,
    html_url: repositoryPage(urls, repository),
    description: repository.description,
    fork: false,
    url,
    ...Object.fromEntries(Object.entries(LINKS).map(([key, path]) => [key, `${url}${path}`])),
  }
}

interface RepositoryTimes {
  readonly createdAt: string
  readonly pushedAt: string
}

export const fullRepositoryShape = (urls: Urls, repository: Repository, times: RepositoryTimes) => {
  const page = repositoryPage(urls, repository)
  const host = new URL(urls.web).host
  return {
    ...minimalRepositoryShape(urls, repository),
    git_url: `git://${host}/${repository.owner}/${repository.name}.git`,
    ssh_url: `git@${host}:${repository.owner}/${repository.name}.git`,
    clone_url: `${page}.git`,
    mirror_url: null,
    svn_url: page,
    homepage: null,
    language: 'JavaScript',
    forks_count: 0,
    stargazers_count: 0,
    watchers_count: 0,
    size: 108,
    default_branch: repository.defaultBranch,
    open_issues_count: 0,
    is_template: false,
    topics: [],
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: true,
    has_discussions: false,
    archived: false,
    disabled: false,
    visibility: 'private',
    created_at: times.createdAt,
    updated_at: times.pushedAt,
    pushed_at: times.pushedAt,
    permissions: { admin: false, maintain: false, push: true, triage: true, pull: true },
    allow_squash_merge: true,
    allow_merge_commit: false,
    allow_rebase_merge: false,
    allow_forking: false,
    subscribers_count: 5,
    network_count: 0,
    license: null,
    organization: ownerShape(urls, repository),
    forks: 0,
    open_issues: 0,
    watchers: 0,
  }
}
