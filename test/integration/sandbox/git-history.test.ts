import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { call, REPO } from '~test/integration/sandbox/github-client'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

let sandbox: RunningSandbox

beforeAll(async () => {
  sandbox = await startSandbox({
    consoleUrl: 'http://127.0.0.1:9',
    callbackSecret: 'a secret for the callbacks of tests',
  })
})

afterAll(() => sandbox?.stop())

/** What git itself says about the sandbox's repository. */
const git = (...args: string[]): string[] =>
  execFileSync('git', ['--git-dir', path.join(sandbox.dir, 'acme/platform.git'), ...args], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '')

const get = async (address: string): Promise<unknown> => (await call(sandbox, 'GET', `${REPO}${address}`)).json

const commitsSchema = z.array(z.object({ sha: z.string(), commit: z.object({ message: z.string() }) }))
const named = z.array(
  z.object({ name: z.string(), protected: z.boolean().optional(), commit: z.object({ sha: z.string() }) }),
)

test('branches, tags and commits are those of the repository', async () => {
  const branches = named.parse(await get('/branches'))
  expect(branches.map(({ name, commit }) => `${name} ${commit.sha}`)).toEqual(
    git('for-each-ref', '--format=%(refname:strip=2) %(objectname)', 'refs/heads'),
  )
  expect(branches.map(({ name }) => name)).toEqual(['feature/faster-search', 'fix/login-redirect', 'main'])
  expect(branches.filter((branch) => branch.protected).map(({ name }) => name)).toEqual(['main'])
  const tags = named.parse(await get('/tags'))
  expect(tags.map(({ name }) => name)).toEqual(['v1.5.0', 'v1.4.1', 'v1.4.0', 'v1.3.0'])
  const commits = commitsSchema.parse(await get('/commits?sha=feature/faster-search&per_page=100'))
  expect(commits.map(({ sha }) => sha)).toEqual(git('rev-list', 'feature/faster-search'))
})

test('the pages behind the Link headers hold the whole list once', async () => {
  const found: string[] = []
  let next: string | undefined = `${sandbox.apiUrl}${REPO}/commits?per_page=5`
  while (next !== undefined) {
    const answer: Response = await fetch(next, { headers: { authorization: `Bearer ${sandbox.token}` } })
    found.push(...commitsSchema.parse(await answer.json()).map(({ sha }) => sha))
    next = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  expect(found).toEqual(git('rev-list', 'main'))
})

test('commits are filtered by path, author and time', async () => {
  const shas = async (query: string) =>
    commitsSchema.parse(await get(`/commits?per_page=100&${query}`)).map(({ sha }) => sha)
  expect(await shas('path=services/docs')).toEqual(git('rev-list', 'main', '--', 'services/docs'))
  expect(await shas('author=mei')).toEqual(git('rev-list', '--author=mei@acme.example', 'main'))
  const since = new Date(Date.now() - 100 * 3_600_000).toISOString()
  expect(await shas(`since=${since}`)).toEqual(git('rev-list', `--since=${since}`, 'main'))
})

const comparison = z.object({
  status: z.string(),
  ahead_by: z.number(),
  behind_by: z.number(),
  total_commits: z.number(),
  commits: commitsSchema,
  files: z.array(z.object({ filename: z.string(), additions: z.number(), deletions: z.number(), patch: z.string() })),
})

test('a comparison counts and lists the same commits and files as git, oldest commit first', async () => {
  const compared = comparison.parse(await get('/compare/v1.4.0...main'))
  const range = git('rev-list', '--reverse', 'v1.4.0..main')
  expect(compared).toMatchObject({ status: 'ahead', ahead_by: range.length, behind_by: 0, total_commits: range.length })
  expect(compared.commits.map(({ sha }) => sha)).toEqual(range)
  expect(compared.files.map(({ filename, additions, deletions }) => `${additions}\t${deletions}\t${filename}`)).toEqual(
    git('diff', '--numstat', 'v1.4.0...main'),
  )
})

test('a comparison reports behind, diverged and identical', async () => {
  const compare = async (basehead: string) => comparison.parse(await get(`/compare/${basehead}`))
  expect(await compare('main...v1.4.0')).toMatchObject({ status: 'behind', ahead_by: 0, commits: [], files: [] })
  expect(await compare('main...feature/faster-search')).toMatchObject({
    status: 'diverged',
    ahead_by: 2,
    behind_by: 3,
  })
  expect(await compare('acme:main...main')).toMatchObject({ status: 'identical', ahead_by: 0, behind_by: 0 })
})

test.each(['--all', 'main~1', 'HEAD@{1}', ':/Search', '..', 'refs/heads/../../x', '-n1'])(
  "a reference in git's syntax instead of a name is unknown: %s",
  async (reference) => {
    const answer = await call(sandbox, 'GET', `${REPO}/commits?sha=${encodeURIComponent(reference)}`)
    expect(answer.status).toBe(404)
  },
)

test('the history is in the past, belongs to the sample team and contains the deploy workflows', () => {
  const newest = Number(git('log', '-1', '--format=%at', 'main')[0])
  expect(newest).toBeLessThanOrEqual(Date.now() / 1000)
  for (const email of git('log', '--all', '--format=%ae')) expect(email).toMatch(/@acme\.example$/)
  expect(git('ls-tree', '-r', '--name-only', 'main', '.github/workflows').length).toBeGreaterThan(3)
})
