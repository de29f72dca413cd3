import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import type { Deps } from '~/server/deps'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { listedRun, startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
})
beforeEach(() => {
  github.requests.length = 0
  // GitHub accepts without naming a run, which is the case that the flag is for.
  github.script.onDispatch = () => ({ status: 204 })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

/** A console with the flag forced, on a clock that only pauses move. */
function consoleWith(flag: boolean) {
  const start = Date.now()
  let passed = 0
  const deps: Deps = {
    ...console_.deps,
    config: { ...console_.deps.config, forcedFlags: { FLAG_CONSOLE_DEPLOY_ASYNC: flag } },
    now: () => new Date(start + passed),
    pause: async (ms) => {
      passed += ms
    },
  }
  return { deps, passed: () => passed }
}

async function dispatch(deps: Deps) {
  const { id, confirm } = await insertSurface(deps)
  return dispatchDeploy(deps, OPERATOR, {
    surfaceId: id,
    ref: 'main',
    confirmation: confirm,
    idempotencyKey: randomUUID(),
  })
}
const lookups = () => github.requests.filter(({ method, path }) => method === 'GET' && path.includes('/runs')).length

describe('FLAG_CONSOLE_DEPLOY_ASYNC off', () => {
  it('with the flag off, a dispatch waits for the run id and is answered as soon as GitHub lists the run', async () => {
    const { deps, passed } = consoleWith(false)
    github.script.onListRuns = () => {
      const dispatched = github.dispatches().at(-1)?.body as { inputs: { console_deploy_id: string } }
      const runs = lookups() < 3 ? [] : [listedRun(4711, `Deploy ${dispatched.inputs.console_deploy_id}`)]
      return { status: 200, body: { total_count: runs.length, workflow_runs: runs } }
    }
    expect(await dispatch(deps)).toMatchObject({ status: 'dispatched', runId: '4711' })
    expect(passed()).toBe(4_000)
  })

  it('with the flag off, a dispatch is answered after 25 seconds if GitHub lists no run', async () => {
    const { deps, passed } = consoleWith(false)
    github.script.onListRuns = () => ({ status: 200, body: { total_count: 0, workflow_runs: [] } })
    expect(await dispatch(deps)).toMatchObject({ status: 'dispatched', runId: null })
    expect(passed()).toBe(25_000)
  })

  it('with the flag off, a dispatch that GitHub refused does not wait for a run', async () => {
    const { deps, passed } = consoleWith(false)
    github.script.onDispatch = () => ({ status: 422, body: { message: 'No ref found' } })
    expect(await dispatch(deps)).toMatchObject({ status: 'failed' })
    expect([passed(), lookups()]).toEqual([0, 0])
  })
})

describe('FLAG_CONSOLE_DEPLOY_ASYNC on', () => {
  it('with the flag on, a dispatch is answered at once without looking up the run', async () => {
    const { deps, passed } = consoleWith(true)
    expect(await dispatch(deps)).toMatchObject({ status: 'dispatched', runId: null })
    expect([passed(), lookups()]).toEqual([0, 0])
  })
})

it('a flag that cannot be read stops a dispatch before anything is recorded or sent', async () => {
  const { db } = console_.deps
  const rename = (from: string, to: string) => db.$executeRawUnsafe(`ALTER TABLE "${from}" RENAME TO "${to}"`)
  await rename('console_flag_promotions', 'elsewhere')
  onTestFinished(async () => void (await rename('elsewhere', 'console_flag_promotions')))
  const { id: surfaceId } = await insertSurface(console_.deps)
  const input = { surfaceId, ref: 'main', confirmation: surfaceId, idempotencyKey: randomUUID() }
  await expect(dispatchDeploy(console_.deps, OPERATOR, input)).rejects.toMatchObject({ code: 'P2021' })
  expect([await db.deploy.count({ where: { surfaceId } }), github.dispatches()]).toEqual([0, []])
})
