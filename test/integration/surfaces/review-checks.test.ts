import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readRunningChecks } from '~/server/surfaces/review/read-github-facts'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { SHA, startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const healthy = { runs: { status: 200, body: { check_runs: [] } }, statuses: { status: 200, body: { statuses: [] } } }
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
beforeEach(() => {
  github.script.onChecks = () => healthy.runs
  github.script.onStatuses = () => healthy.statuses
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const run = (name: string, conclusion: string | null) => ({ name, conclusion })
async function warningsNow() {
  const { id } = await insertSurface(console_.deps)
  const { sha, warnings } = await reviewDeploy(console_.deps, { surfaceId: id, ref: 'main' })
  expect(sha).toBe(SHA)
  return warnings.filter(({ kind }) => kind === 'checks_red')
}

describe('the checks of a commit in its review', () => {
  it('failed checks and statuses are named and block nothing', async () => {
    const check_runs = [run('lint', 'success'), run('tests', 'failure'), run('tests', 'timed_out')]
    github.script.onChecks = () => ({ status: 200, body: { check_runs } })
    github.script.onStatuses = () => ({ status: 200, body: { statuses: [{ context: 'coverage', state: 'error' }] } })
    const text = 'Checks of this commit failed: tests, coverage.'
    expect(await warningsNow()).toEqual([{ kind: 'checks_red', text, blocking: false }])
    expect(github.requests.map(({ path }) => path)).toContain(
      `/api/v3/repos/acme/platform/commits/${SHA}/check-runs?per_page=100&page=1`,
    )
  })

  it('checks that passed, run, or were skipped or cancelled are not reported', async () => {
    const check_runs = ['success', 'neutral', 'skipped', 'cancelled', null].map((end) => run(`${end}`, end))
    github.script.onChecks = () => ({ status: 200, body: { check_runs } })
    github.script.onStatuses = () => ({ status: 200, body: { statuses: [{ context: 'slow', state: 'pending' }] } })
    expect(await warningsNow()).toEqual([])
  })

  it('checks have three colours and GitHub’s own word, red ones first, and link only to pages of the web', async () => {
    const linked = (name: string, conclusion: string | null, html_url: string) => ({ name, conclusion, html_url })
    const check_runs = [
      linked('lint', 'success', 'https://github.example.com/checks/1'),
      linked('tests', 'failure', 'javascript:alert(1)'),
      linked('docs', 'skipped', ''),
      linked('slow', null, 'https://github.example.com/checks/4'),
      run('gone', 'cancelled'),
    ]
    github.script.onChecks = () => ({ status: 200, body: { check_runs } })
    const status = { context: 'coverage', state: 'error', target_url: 'https://ci.example.com/7' }
    github.script.onStatuses = () => ({ status: 200, body: { statuses: [status] } })
    const { id } = await insertSurface(console_.deps)
    const { checks } = await reviewDeploy(console_.deps, { surfaceId: id, ref: 'main' })
    expect(checks).toMatchObject({ complete: true, counts: { red: 2, pending: 1, other: 2, green: 1 } })
    expect(checks.checks.map(({ name, state, word, url }) => [name, state, word, url])).toEqual([
      ['tests', 'red', 'failure', null],
      ['coverage', 'red', 'error', 'https://ci.example.com/7'],
      ['slow', 'pending', 'pending', 'https://github.example.com/checks/4'],
      ['docs', 'other', 'skipped', null],
      ['gone', 'other', 'cancelled', null],
      ['lint', 'green', 'success', 'https://github.example.com/checks/1'],
    ])
    github.script.onChecks = () => 'hang up'
    expect((await reviewDeploy(console_.deps, { surfaceId: id, ref: 'main' })).checks.complete).toBe(false)
  })

  it.each([
    ['are forbidden', () => ({ status: 403, body: { message: 'Resource not accessible by integration' } })],
    ['are answered with 500', () => ({ status: 500, body: { message: 'Server Error' } })],
    ['are answered unexpectedly', () => ({ status: 200, body: { check_runs: 'none' } })],
    ['get no answer', () => 'hang up' as const],
  ])('a review whose checks %s succeeds and reports what can be read', async (_, answer) => {
    github.script.onChecks = answer
    expect(await warningsNow()).toEqual([])
    github.script.onStatuses = () => ({ status: 200, body: { statuses: [{ context: 'coverage', state: 'failure' }] } })
    expect(await warningsNow()).toMatchObject([{ text: 'Checks of this commit failed: coverage.' }])
  })
})

describe('the checks of what a surface runs', () => {
  it('are those of the commit that it reports, and of no other surface', async () => {
    const { id } = await insertSurface(console_.deps)
    await expect(readRunningChecks(console_.deps, id)).rejects.toMatchObject({ code: 'surface_unknown' })
    const running = 'e'.repeat(40)
    await console_.deps.db.surface.update({ where: { id }, data: { runningSha: running, runningSeenAt: new Date() } })
    github.script.onChecks = () => ({
      status: 200,
      body: { check_runs: [run('tests', 'failure'), run('lint', 'success')] },
    })
    github.requests.length = 0
    expect(await readRunningChecks(console_.deps, id)).toMatchObject({
      sha: running,
      checks: { counts: { red: 1, pending: 0, other: 0, green: 1 }, complete: true },
    })
    expect(github.requests.every(({ path }) => path.includes(`/commits/${running}/`))).toBe(true)
  })
})
