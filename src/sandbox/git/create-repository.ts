import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { commitStream, type ImportCommit, type ImportFile, tagStream } from '~/sandbox/git/fast-import'
import { readGithubFolder, syncGithubFolder } from '~/sandbox/git/github-folder'
import { inRepository, type Repository } from '~/sandbox/git/repository'
import { git } from '~/sandbox/git/run-git'
import { mainCommits, type SampleCommit, sampleBranches } from '~/sandbox/git/sample-history'

const HOUR = 3_600_000

const toFiles = (files: Readonly<Record<string, string>>): ImportFile[] =>
  Object.entries(files).map(([name, content]) => ({ path: name, content: Buffer.from(content) }))

const toImport = (commit: SampleCommit, branch: string, now: Date): ImportCommit => ({
  branch,
  author: commit.by,
  at: new Date(now.getTime() - commit.hoursAgo * HOUR),
  message: commit.message,
  files: toFiles(commit.files),
})

/** The whole sample history as one stream. A branch leaves right after the commit of main it starts from. */
const historyStream = (github: readonly ImportFile[], now: Date): Buffer => {
  const parts: Buffer[] = []
  for (const [index, commit] of mainCommits.entries()) {
    const imported = toImport(commit, 'main', now)
    parts.push(commitStream(index === 0 ? { ...imported, files: [...imported.files, ...github] } : imported))
    if (commit.tag !== undefined) parts.push(tagStream(commit.tag, 'refs/heads/main'))
    for (const branch of sampleBranches.filter(({ from }) => from === index)) {
      for (const [at, own] of branch.commits.entries()) {
        const start = at === 0 ? { from: 'refs/heads/main' } : {}
        parts.push(commitStream({ ...toImport(own, branch.name, now), ...start }))
      }
    }
  }
  return Buffer.concat(parts)
}

/**
 * Opens acme/platform below `dir`, creating it on the first start. It is built beside its place and renamed, so a start
 * that was killed half way leaves nothing behind that looks complete.
 */
export const openRepository = async (dir: string, checkout: string, now: Date): Promise<Repository> => {
  const gitDir = path.resolve(dir, 'acme', 'platform.git')
  const repository: Repository = { owner: 'acme', name: 'platform', gitDir, defaultBranch: 'main' }
  if (!existsSync(gitDir)) {
    const building = `${gitDir}.building`
    rmSync(building, { recursive: true, force: true })
    mkdirSync(path.dirname(gitDir), { recursive: true, mode: 0o700 })
    await git(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', building])
    const stream = historyStream(readGithubFolder(checkout), now)
    await inRepository({ ...repository, gitDir: building }, ['fast-import', '--quiet'], { input: stream })
    renameSync(building, gitDir)
  }
  await syncGithubFolder(repository, checkout, now)
  return repository
}
