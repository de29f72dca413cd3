import type { Commit } from '~/sandbox/git/commits'
import type { ChangedFile } from '~/sandbox/git/compare'
import type { Repository } from '~/sandbox/git/repository'
import type { Urls } from '~/sandbox/github/endpoint'
import { repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { userByEmail } from '~/sandbox/github/shapes/user'

export const commitShape = (urls: Urls, repository: Repository, commit: Commit) => {
  const url = repositoryUrl(urls, repository)
  const page = repositoryPage(urls, repository)
  return {
    sha: commit.sha,
    node_id: Buffer.from(`C_${commit.sha}`).toString('base64url'),
    commit: {
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
      url: `${url}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
    },
    url: `${url}/commits/${commit.sha}`,
    html_url: `${page}/commit/${commit.sha}`,
    comments_url: `${url}/commits/${commit.sha}/comments`,
    author: userByEmail(urls, commit.author.email),
    committer: userByEmail(urls, commit.committer.email),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${url}/commits/${sha}`,
      html_url: `${page}/commit/${sha}`,
    })),
  }
}

export const fileShape = (urls: Urls, repository: Repository, sha: string, file: ChangedFile) => {
  const page = repositoryPage(urls, repository)
  const path = file.filename.split('/').map(encodeURIComponent).join('/')
  return {
    sha: file.sha,
    filename: file.filename,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${page}/blob/${sha}/${path}`,
    raw_url: `${page}/raw/${sha}/${path}`,
    contents_url: `${repositoryUrl(urls, repository)}/contents/${path}?ref=${sha}`,
    ...(file.patch === undefined ? {} : { patch: file.patch }),
    ...(file.previousFilename === undefined ? {} : { previous_filename: file.previousFilename }),
  }
}
