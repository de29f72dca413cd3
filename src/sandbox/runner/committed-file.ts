import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A file as it is at a commit of a bare repository; `undefined` when the commit has no such file. */
export async function readCommittedFile(gitDir: string, sha: string, path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', ['--git-dir', gitDir, 'cat-file', 'blob', `${sha}:${path}`])
    return stdout
  } catch (error) {
    // git answers 128 for "no such path"; anything else (no git at all) is worth knowing.
    if (error instanceof Error && 'code' in error && error.code === 128) return undefined
    throw error
  }
}
