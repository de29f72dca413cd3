import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

export interface TestRepository {
  readonly gitDir: string
  /** Tip of main, which carries the files. */
  readonly sha: string
  readonly git: (...args: string[]) => string
}

/** A directory that is deleted after the test. Its name has a space, because real paths may. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'runner test '))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A bare repository with two commits on main: an empty one, then the files. `github` adds this project's own `.github`. */
export function createRepository(files: Readonly<Record<string, string>>, options = { github: false }): TestRepository {
  const directory = temporaryDirectory()
  const work = path.join(directory, 'work')
  const gitDir = path.join(directory, 'platform.git')
  mkdirSync(work)
  const run = (cwd: string, args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, HOME: directory, GIT_CONFIG_NOSYSTEM: '1' },
    }).trim()
  run(work, ['init', '--quiet', '--initial-branch=main'])
  run(work, ['commit', '--quiet', '--allow-empty', '-m', 'Begin'])
  if (options.github) {
    cpSync(path.resolve(import.meta.dirname, '../../../.github'), path.join(work, '.github'), { recursive: true })
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(work, name)), { recursive: true })
    writeFileSync(path.join(work, name), text)
  }
  run(work, ['add', '--all'])
  run(work, ['commit', '--quiet', '--allow-empty', '-m', 'Add the files'])
  run(directory, ['clone', '--quiet', '--bare', work, gitDir])
  const git = (...args: string[]) => run(gitDir, args)
  return { gitDir, sha: git('rev-parse', 'main'), git }
}
