import { inRepository, type Repository } from '~/sandbox/git/repository'

interface Signature {
  readonly name: string
  readonly email: string
  readonly date: string
}

export interface Commit {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
}

// The message comes last because it alone can contain line breaks. -z ends each commit with NUL.
const FORMAT = 'tformat:%H%n%T%n%P%n%an%n%ae%n%at%n%cn%n%ce%n%ct%n%B'

/** GitHub writes times in UTC without fractions. */
const fromEpoch = (seconds: string): string => `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z`

const parseCommit = (record: string): Commit => {
  const lines = record.split('\n')
  const [sha = '', tree = '', parents = '', an = '', ae = '', at = '0', cn = '', ce = '', ct = '0'] = lines
  return {
    sha,
    tree,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    author: { name: an, email: ae, date: fromEpoch(at) },
    committer: { name: cn, email: ce, date: fromEpoch(ct) },
    message: lines.slice(9).join('\n').trimEnd(),
  }
}

const parseCommits = (output: string): Commit[] =>
  output
    .split('\0')
    .filter((record) => record !== '')
    .map(parseCommit)

interface LogOptions {
  readonly limit: number
  readonly skip?: number
  readonly path?: string
  readonly author?: string
  readonly since?: string
  readonly until?: string
}

const logArguments = (options: LogOptions): string[] => [
  ...(options.author === undefined ? [] : ['--fixed-strings', `--author=${options.author}`]),
  ...(options.since === undefined ? [] : [`--since=${options.since}`]),
  ...(options.until === undefined ? [] : [`--until=${options.until}`]),
]

const pathArguments = (options: LogOptions): string[] => (options.path === undefined ? [] : [options.path])

/** Commits reachable from a revision, newest first. Pass a SHA or a range of SHAs, never text from a request. */
export const logCommits = async (repository: Repository, revision: string, options: LogOptions): Promise<Commit[]> => {
  const bounds = [`--max-count=${options.limit}`, `--skip=${options.skip ?? 0}`]
  const args = ['log', '-z', `--format=${FORMAT}`, ...bounds, ...logArguments(options), revision, '--']
  return parseCommits(await inRepository(repository, [...args, ...pathArguments(options)]))
}

export const countCommits = async (repository: Repository, revision: string, options: LogOptions): Promise<number> => {
  const args = ['rev-list', '--count', ...logArguments(options), revision, '--', ...pathArguments(options)]
  return Number(await inRepository(repository, args))
}

// Commits never change, and a list of runs names the same few many times.
const read = new WeakMap<Repository, Map<string, Commit>>()

/** One commit by its full SHA. */
export const readCommit = async (repository: Repository, sha: string): Promise<Commit> => {
  const known = read.get(repository) ?? new Map<string, Commit>()
  read.set(repository, known)
  const commit = known.get(sha) ?? (await logCommits(repository, sha, { limit: 1 }))[0]
  if (!commit) throw new Error(`The sandbox repository has no commit ${sha}`)
  known.set(sha, commit)
  return commit
}
