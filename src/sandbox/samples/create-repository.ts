import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { git, inRepository, type Repository } from '~/sandbox/git/repository'
import type { SampleCommit, SampleHistory } from '~/sandbox/samples/platform-history'

interface ImportFile {
  readonly path: string
  /** `undefined` removes the path, and with a folder everything below it. */
  readonly content: Buffer | undefined
  readonly executable?: boolean
}

interface ImportCommit {
  readonly branch: string
  readonly author: { readonly name: string; readonly email: string }
  readonly at: Date
  readonly message: string
  readonly files: readonly ImportFile[]
  /** The commit-ish from which a new branch starts. */
  readonly from?: string
  readonly merge?: string
}

const data = (content: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`data ${content.length}\n`), content, Buffer.from('\n')])

const line = (text: string): Buffer => Buffer.from(`${text}\n`)

// git-fast-import(1) quotes paths in the C style. The sandbox's paths need no escapes.
const quote = (path: string): string => {
  if (/["\\\n]/.test(path))
    throw new Error(
      `The sandbox cannot commit ${JSON.stringify(path)}: the name has a quote, a backslash or a line break. Rename the file.`,
    )
  return `"${path}"`
}

const change = (file: ImportFile): Buffer =>
  file.content === undefined
    ? line(`D ${quote(file.path)}`)
    : Buffer.concat([line(`M ${file.executable ? '100755' : '100644'} inline ${quote(file.path)}`), data(file.content)])

const commitStream = (commit: ImportCommit): Buffer => {
  const seconds = Math.floor(commit.at.getTime() / 1000)
  const who = `${commit.author.name} <${commit.author.email}> ${seconds} +0000`
  return Buffer.concat([
    line(`commit refs/heads/${commit.branch}`),
    line(`author ${who}`),
    line(`committer ${who}`),
    data(Buffer.from(commit.message)),
    ...(commit.from === undefined ? [] : [line(`from ${commit.from}`)]),
    ...(commit.merge === undefined ? [] : [line(`merge ${commit.merge}`)]),
    ...commit.files.map(change),
  ])
}

/** A lightweight tag on the branch's latest commit in the stream. */
const tagStream = (tag: string, from: string): Buffer =>
  Buffer.concat([line(`reset refs/tags/${tag}`), line(`from ${from}`)])

/** The checkout's `.github/` as files to commit, so that the sandbox runs the workflows on disk. */
const readGithubFolder = (checkout: string): ImportFile[] => {
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

/** Commits the checkout's `.github/` to the default branch if it has changed. Returns whether it has. */
const syncGithubFolder = async (repository: Repository, checkout: string, now: Date): Promise<boolean> => {
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

/** The whole sample history as one stream for git-fast-import(1). Each branch follows the commit of main from which it starts. */
const historyStream = ({ main, branches }: SampleHistory, github: readonly ImportFile[], now: Date): Buffer => {
  const parts: Buffer[] = []
  for (const [index, commit] of main.entries()) {
    const imported = toImport(commit, 'main', now)
    parts.push(commitStream(index === 0 ? { ...imported, files: [...imported.files, ...github] } : imported))
    if (commit.tag !== undefined) parts.push(tagStream(commit.tag, 'refs/heads/main'))
    for (const branch of branches.filter(({ from }) => from === index)) {
      for (const [at, own] of branch.commits.entries()) {
        const start = at === 0 ? { from: 'refs/heads/main' } : {}
        parts.push(commitStream({ ...toImport(own, branch.name, now), ...start }))
      }
    }
  }
  return Buffer.concat(parts)
}

interface NewRepository extends Omit<Repository, 'gitDir' | 'defaultBranch'> {
  readonly history: SampleHistory
  /** The directory whose `.github/` the repository has. */
  readonly checkout: string
}

/**
 * Opens a repository below `dir`, and creates it on the first start. A new repository is built in a temporary directory, which is
 * renamed when the repository is complete, so an interrupted start leaves no broken one.
 */
export const openRepository = async (
  dir: string,
  { history, checkout, ...about }: NewRepository,
  now: Date,
): Promise<Repository> => {
  const gitDir = path.resolve(dir, about.owner, `${about.name}.git`)
  const repository: Repository = { ...about, gitDir, defaultBranch: 'main' }
  if (!existsSync(gitDir)) {
    const building = `${gitDir}.building`
    rmSync(building, { recursive: true, force: true })
    mkdirSync(path.dirname(gitDir), { recursive: true, mode: 0o700 })
    await git(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', building])
    const stream = historyStream(history, readGithubFolder(checkout), now)
    await inRepository({ ...repository, gitDir: building }, ['fast-import', '--quiet'], { input: stream })
    renameSync(building, gitDir)
  }
  await syncGithubFolder(repository, checkout, now)
  return repository
}
