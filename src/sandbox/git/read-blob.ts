import { inRepository, type Repository, tryInRepository } from '~/sandbox/git/repository'

/** The text of a file at a commit, or `undefined` when the commit has no such file. */
export const readBlob = async (repository: Repository, sha: string, file: string): Promise<string | undefined> => {
  const result = await tryInRepository(repository, ['cat-file', 'blob', `${sha}:${file}`])
  return result.code === 0 ? result.stdout : undefined
}

/** Names of the files directly below a folder at a commit. */
export const listFolder = async (repository: Repository, sha: string, folder: string): Promise<string[]> => {
  const output = await inRepository(repository, ['ls-tree', '-z', '--name-only', sha, '--', `${folder}/`])
  return output.split('\0').filter((name) => name !== '')
}
