import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { projectDirectory } from '~test/support/supply-chain/locked-packages'

const workflow = z.looseObject({
  jobs: z.looseObject({
    commits: z.looseObject({
      if: z.literal("github.event_name == 'pull_request'"),
      steps: z.array(z.looseObject({ run: z.string().optional(), env: z.record(z.string(), z.string()).default({}) })),
    }),
  }),
})
const ci = workflow.parse(parse(readFileSync(path.join(projectDirectory, '.github/workflows/ci.yml'), 'utf8')))
const step = ci.jobs.commits.steps.find(({ run }) => run !== undefined)

let repository = ''
const git = (...args: string[]) => execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim()
const commit = (subject: string) => {
  git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--allow-empty', '-m', subject)
  return git('rev-parse', 'HEAD')
}
const check = (base: string) =>
  spawnSync('bash', ['-e', '-c', step?.run ?? 'exit 99'], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, ...step?.env, BASE: base },
  })

beforeAll(() => {
  repository = mkdtempSync(path.join(tmpdir(), 'commit-subjects-'))
  git('init', '--quiet')
})
afterAll(() => rmSync(repository, { recursive: true, force: true }))

it('CI accepts a pull request whose commit subjects have 72 characters, whatever came before it', () => {
  commit('x'.repeat(100))
  const base = commit('Start')
  commit('ü'.repeat(72))
  expect(check(base)).toMatchObject({ status: 0, stdout: '' })
})

it('CI refuses a pull request with a commit subject of 73 characters and names it, even between short ones', () => {
  const base = commit('Start')
  commit('x'.repeat(73))
  commit('Short')
  const { status, stdout } = check(base)
  expect(status).toBe(1)
  expect(stdout).toContain('x'.repeat(73))
  expect(stdout).not.toContain('Short')
})

it('CI fails when the base of the pull request cannot be read', () => {
  expect(check('0'.repeat(40)).status).not.toBe(0)
})
