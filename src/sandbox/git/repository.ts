import { type GitOptions, type GitResult, git, tryGit } from '~/sandbox/git/run-git'

/** The one repository of the sandbox, as its git directory and its name. */
export interface Repository {
  readonly owner: string
  readonly name: string
  readonly gitDir: string
  readonly defaultBranch: string
}

export const inRepository = (repository: Repository, args: readonly string[], options?: GitOptions): Promise<string> =>
  git(['--git-dir', repository.gitDir, ...args], options)

export const tryInRepository = (
  repository: Repository,
  args: readonly string[],
  options?: GitOptions,
): Promise<GitResult> => tryGit(['--git-dir', repository.gitDir, ...args], options)
