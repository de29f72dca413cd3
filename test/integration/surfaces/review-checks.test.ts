import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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
