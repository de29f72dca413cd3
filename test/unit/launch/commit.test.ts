import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { commitOf } from '~/launch/build/commit'

const directory = mkdtempSync(path.join(tmpdir(), 'commit of '))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', directory, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
    encoding: 'utf8',
  }).trim()

it('the commit is known only in a checkout of its own without changes, unless CONSOLE_COMMIT names it', () => {
  expect(commitOf(directory, {}), 'without git').toBeUndefined()
  git('init', '--quiet')
  expect(commitOf(directory, {}), 'without a commit').toBeUndefined()
  writeFileSync(path.join(directory, 'file'), 'one')
  git('add', 'file')
  git('commit', '--quiet', '--message', 'Add a file')
  expect(commitOf(directory, {})).toBe(git('rev-parse', 'HEAD'))
  writeFileSync(path.join(directory, 'untracked'), 'data of a start')
  expect(commitOf(directory, {}), 'with a file that git does not track').toBe(git('rev-parse', 'HEAD'))
  const inside = path.join(directory, 'unpacked')
  mkdirSync(inside)
  expect(commitOf(inside, {}), 'inside of another repository').toBeUndefined()
  writeFileSync(path.join(directory, 'file'), 'two')
  expect(commitOf(directory, {}), 'with a change').toBeUndefined()
  expect(commitOf(directory, { CONSOLE_COMMIT: 'abcdef1' })).toBe('abcdef1')
})
