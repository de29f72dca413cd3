import { execFileSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import type { Environment } from '~/server/platform/config'

/**
 * The commit of a checkout without changes, from CONSOLE_COMMIT or git. Undefined if it is not known: there is no git, the directory belongs
 * to another repository, or a tracked file was changed.
 */
export function commitOf(projectDirectory: string, env: Environment): string | undefined {
  const set = env['CONSOLE_COMMIT']?.trim()
  if (set !== undefined && set !== '') return set
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', projectDirectory, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const [root = '', commit = ''] = git('rev-parse', '--show-toplevel', 'HEAD').split('\n')
    if (realpathSync(root) !== realpathSync(projectDirectory)) return undefined
    return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : undefined
  } catch {
    return undefined
  }
}
