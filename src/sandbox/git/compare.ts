import { type ChangedFile, changedFiles } from '~/sandbox/git/changed-files'
import { type Commit, logCommits, readCommit } from '~/sandbox/git/commits'
import { inRepository, type Repository, tryInRepository } from '~/sandbox/git/repository'

export interface Comparison {
  readonly base: Commit
  readonly mergeBase: Commit
  readonly status: 'ahead' | 'behind' | 'diverged' | 'identical'
  readonly aheadBy: number
  readonly behindBy: number
  /** Oldest first, as GitHub lists them. */
  readonly commits: readonly Commit[]
  readonly files: readonly ChangedFile[]
}

/** GitHub's own bound for a comparison. */
const MOST_COMMITS = 250

const statusOf = (ahead: number, behind: number): Comparison['status'] => {
  if (ahead > 0 && behind > 0) return 'diverged'
  if (ahead > 0) return 'ahead'
  return behind > 0 ? 'behind' : 'identical'
}

/** Compares two commits from their merge base (`base...head`); `undefined` when they share no history. */
export const compareCommits = async (
  repository: Repository,
  base: string,
  head: string,
): Promise<Comparison | undefined> => {
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
