import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { commitStream, type ImportFile } from '~/sandbox/git/fast-import'
import { inRepository, type Repository } from '~/sandbox/git/repository'

/** The checkout's `.github/` as files to commit: what the sandbox runs is what is on disk. */
export const readGithubFolder = (checkout: string): ImportFile[] => {
  const root = path.join(checkout, '.github')
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({
      path: path.posix.join('.github', path.relative(root, file).split(path.sep).join('/')),
      content: readFileSync(file),
      executable: (statSync(file).mode & 0o100) !== 0,
    }))
}

const blobSha = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')

const fingerprint = (files: readonly ImportFile[]): string =>
  files
    .flatMap(({ path: name, content, executable }) =>
      content === undefined ? [] : [`${executable ? '100755' : '100644'} ${blobSha(content)} ${name}`],
    )
    .sort()
    .join('\n')

const committed = async (repository: Repository): Promise<string> => {
  const args = [
    'ls-tree',
    '-r',
    '-z',
    '--format=%(objectmode) %(objectname) %(path)',
    repository.defaultBranch,
    '--',
    '.github/',
  ]
  const output = await inRepository(repository, args)
  return output
    .split('\0')
    .filter((entry) => entry !== '')
    .sort()
    .join('\n')
}

/** Commits the checkout's `.github/` to the default branch when it differs from what is there. Answers whether it did. */
export const syncGithubFolder = async (repository: Repository, checkout: string, now: Date): Promise<boolean> => {
  const files = readGithubFolder(checkout)
  if ((await committed(repository)) === fingerprint(files)) return false
  const stream = commitStream({
    branch: repository.defaultBranch,
    from: `refs/heads/${repository.defaultBranch}^0`,
    author: { name: 'Ines Okafor', email: 'ines@acme.example' },
    at: now,
    message: 'Update the deploy workflows',
    files: [{ path: '.github', content: undefined }, ...files],
  })
  await inRepository(repository, ['fast-import', '--quiet'], { input: stream })
  return true
}
