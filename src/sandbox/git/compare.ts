import { LRUCache } from 'lru-cache'
import { type Commit, logCommits, readCommit } from '~/sandbox/git/commits'
import { inRepository, type Repository, tryInRepository } from '~/sandbox/git/repository'

type FileStatus = 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed'

export interface ChangedFile {
  readonly sha: string
  readonly filename: string
  readonly previousFilename: string | undefined
  readonly status: FileStatus
  readonly additions: number
  readonly deletions: number
  readonly patch: string | undefined
}

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

const statuses: Readonly<Record<string, FileStatus>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
}

interface Raw {
  readonly sha: string
  readonly status: FileStatus
  readonly filename: string
  readonly previousFilename: string | undefined
}

/** `--raw -z` prints `:mode mode sha sha status NUL path NUL [path NUL]`. A rename or a copy has two paths (git-diff-tree(1)). */
const parseRaw = (output: string): Raw[] => {
  const fields = output.split('\0')
  const files: Raw[] = []
  for (let at = 0; fields[at]?.startsWith(':'); ) {
    const [, , from = '', to = '', letter = ''] = (fields[at] ?? '').split(' ')
    const status = statuses[letter.slice(0, 1)] ?? 'modified'
    const moved = status === 'renamed' || status === 'copied'
    const first = fields[at + 1] ?? ''
    files.push({
      sha: status === 'removed' ? from : to,
      status,
      filename: moved ? (fields[at + 2] ?? '') : first,
      previousFilename: moved ? first : undefined,
    })
    at += moved ? 3 : 2
  }
  return files
}

/** One text per file, in the order of `--raw`. Lines of a file start with ` `, `+`, `-` or `\`, so none can look like a header. */
const splitPatches = (output: string): string[] => output.split(/^diff --git /m).slice(1)

const countLines = (patch: string | undefined, sign: '+' | '-'): number =>
  patch === undefined ? 0 : patch.split('\n').filter((line) => line.startsWith(sign)).length

/** The files that differ between two commits. Without `from`, every file of `to` is new. */
export const changedFiles = async (
  repository: Repository,
  from: string | undefined,
  to: string,
): Promise<ChangedFile[]> => {
  const range = ['-r', '-M', '--no-color', '--full-index', from ?? EMPTY_TREE, to]
  const [raw, patches] = await Promise.all([
    inRepository(repository, ['diff-tree', '--raw', '-z', ...range]),
    inRepository(repository, ['diff-tree', '--patch', ...range]),
  ])
  const texts = splitPatches(patches)
  return parseRaw(raw).map((file, index) => {
    const text = texts[index] ?? ''
    const start = text.search(/^@@ /m)
    const patch = start < 0 ? undefined : text.slice(start).trimEnd()
    return { ...file, patch, additions: countLines(patch, '+'), deletions: countLines(patch, '-') }
  })
}

interface Comparison {
  readonly base: Commit
  readonly mergeBase: Commit
  readonly status: 'ahead' | 'behind' | 'diverged' | 'identical'
  readonly aheadBy: number
  readonly behindBy: number
  /** Oldest first, as on GitHub. */
  readonly commits: readonly Commit[]
  readonly files: readonly ChangedFile[]
}

/** GitHub lists at most this many commits of a comparison. */
const MOST_COMMITS = 250

const statusOf = (ahead: number, behind: number): Comparison['status'] => {
  if (ahead > 0 && behind > 0) return 'diverged'
  if (ahead > 0) return 'ahead'
  return behind > 0 ? 'behind' : 'identical'
}

// Two commits never compare otherwise, and the console asks for the same few again and again.
const compared = new WeakMap<Repository, LRUCache<string, Comparison>>()

/** Compares two commits from their merge base (`base...head`). Gives `undefined` if they share no history. */
export const compareCommits = async (
  repository: Repository,
  base: string,
  head: string,
): Promise<Comparison | undefined> => {
  const known = compared.get(repository) ?? new LRUCache<string, Comparison>({ max: 100 })
  compared.set(repository, known)
  const comparison = known.get(`${base}...${head}`) ?? (await compare(repository, base, head))
  if (comparison !== undefined) known.set(`${base}...${head}`, comparison)
  return comparison
}

const compare = async (repository: Repository, base: string, head: string): Promise<Comparison | undefined> => {
  const found = await tryInRepository(repository, ['merge-base', base, head])
  const mergeBase = found.stdout.trim()
  if (found.code !== 0 || mergeBase === '') return undefined
  const counts = await inRepository(repository, ['rev-list', '--left-right', '--count', `${base}...${head}`])
  const [behind = 0, ahead = 0] = counts.trim().split(/\s+/).map(Number)
  const newestFirst = await logCommits(repository, `${base}..${head}`, { limit: MOST_COMMITS })
  return {
    base: await readCommit(repository, base),
    mergeBase: await readCommit(repository, mergeBase),
    status: statusOf(ahead, behind),
    aheadBy: ahead,
    behindBy: behind,
    commits: newestFirst.toReversed(),
    files: await changedFiles(repository, mergeBase, head),
  }
}
