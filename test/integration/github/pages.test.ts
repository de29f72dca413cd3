import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listCheckRuns } from '~/server/github/checks'
import { connectGitHub } from '~/server/github/client'
import { readRun } from '~/server/github/workflow-runs'
import { jobsAnswer, runAnswer, startScriptedGitHub } from '~test/support/scripted-github'

let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
})
afterAll(() => github.close())
const client = () =>
  connectGitHub({ apiUrl: github.apiUrl, credentials: { kind: 'token', token: 'x' } }, pino({ level: 'silent' }))
const pageOf = (path: string) => Number(new URL(path, github.apiUrl).searchParams.get('page') ?? '1')

it.each([
  [250, 250, true],
  [1_500, 1_000, false],
])(
  'of the %i jobs of a run, the first %i are read, and the result says whether the list is complete',
  async (there, read, complete) => {
    github.script.onRun = () => runAnswer('success')
    github.script.onJobs = ({ path }) => {
      const start = (pageOf(path) - 1) * 100
      const names = Array.from({ length: Math.max(0, Math.min(100, there - start)) }, (_, n) => `job ${start + n}`)
      const page = jobsAnswer(Object.fromEntries(names.map((name) => [name, 'success'])))
      return page === 'hang up' ? page : { ...page, body: { ...Object(page.body), total_count: there } }
    }
    const run = await readRun(client(), 'acme/platform', 7n, null, AbortSignal.timeout(20_000))
    expect(run?.jobs).toHaveLength(read)
    expect(run?.complete).toBe(complete)
  },
)

it('a failed check on the second page is found', async () => {
  const green = Array.from({ length: 100 }, (_, n) => ({ name: `check ${n}`, conclusion: 'success' }))
  github.script.onChecks = ({ path }) => ({
    status: 200,
    body: { check_runs: pageOf(path) === 1 ? green : [{ name: 'the last', conclusion: 'failure' }] },
  })
  const { checks, complete } = await listCheckRuns(client(), 'acme/platform', 'a'.repeat(40))
  expect(complete).toBe(true)
  expect(checks.filter(({ state }) => state === 'red').map(({ name }) => name)).toEqual(['the last'])
})
