import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import type { RunEvent } from '~/sandbox/runner/types'
import { startReceiver } from './callback-receiver'
import { createRepository, temporaryDirectory } from './git-repository'
import { run, runRequest } from './run-support'
import { type SurfaceMood, startSurface } from './sample-surface'

const secret = 'a callback secret of ample length'
const hookToken = 'hook-token-0123456789'
const deployId = '0192f0c1-2345-7abc-8def-0123456789ab'

type Workflow = readonly [file: string, variable: string, title: string]

const consoleWorkflow: Workflow = ['deploy-console.yml', 'CONSOLE_SURFACE_URL', 'Deploy console']

const workflows: readonly Workflow[] = [
  consoleWorkflow,
  ['deploy-heroku.yml', 'HEROKU_SURFACE_URL', 'Deploy API'],
  ['deploy-customer-docs.yml', 'CUSTOMER_DOCS_SURFACE_URL', 'Deploy customer docs'],
  ['deploy-status-page.yml', 'STATUS_PAGE_SURFACE_URL', 'Deploy status page'],
]

interface Scenario {
  readonly environment?: string
  readonly phaseCallbacks?: string
  readonly deployId?: string
  readonly ref?: string
  readonly freeze?: string
  readonly mood?: SurfaceMood
  readonly watch?: (event: RunEvent) => void
  readonly signal?: AbortSignal
}

async function deploy([file, variable]: Workflow, scenario: Scenario = {}) {
  const receiver = await startReceiver(secret)
  const surface = await startSurface(hookToken, scenario.mood)
  const repository = createRepository({ 'README.md': 'A platform.\n' }, { github: true })
  const environment = scenario.environment ?? 'production'
  const finished = await run(
    runRequest(repository, {
      workflowPath: `.github/workflows/${file}`,
      workflowText: readFileSync(path.resolve(import.meta.dirname, '../../../.github/workflows', file), 'utf8'),
      event: {
        name: 'workflow_dispatch',
        inputs: {
          console_deploy_id: scenario.deployId ?? deployId,
          environment,
          ref: scenario.ref ?? repository.sha,
          phase_callbacks: scenario.phaseCallbacks ?? 'true',
        },
      },
      secrets: { DEPLOY_CALLBACK_HMAC_SECRET: secret, DEPLOY_HOOK_TOKEN: hookToken },
      vars: {
        repository: {
          CONSOLE_INTERNAL_URL: receiver.url,
          HEALTH_CHECK_SECONDS: '1',
          ...(scenario.freeze === undefined ? {} : { DEPLOY_FREEZE: scenario.freeze }),
        },
        environments: { [environment]: { [variable]: surface.url } },
      },
    }),
    scenario.watch,
    scenario.signal,
  )
  return { ...finished, surface: surface.state, received: receiver.received, sha: repository.sha }
}

const statuses = (received: readonly { readonly status: string }[]) => received.map(({ status }) => status)

test.each(workflows)('%s ships to production and reports every phase in order', async (...workflow) => {
  const result = await deploy(workflow)
  expect(result.conclusion, result.log).toBe('success')
  expect(statuses(result.received)).toEqual([
    'smoke_gate_started',
    'smoke_gate_passed',
    'freeze_check_started',
    'freeze_check_passed',
    'building',
    'building',
    'deploying',
    'succeeded',
  ])
  expect(result.surface).toEqual({ version: result.sha, deploys: 1 })
  expect(result.received.at(-1)).toMatchObject({
    deployed_sha: result.sha,
    run_id: '30433642001',
    run_attempt: 1,
    path: `POST /api/internal/deploys/${deployId}/status`,
  })
  expect(result.events[0]).toMatchObject({
    type: 'run-started',
    displayTitle: `${workflow[2]} to production [${deployId}]`,
    jobs: [
      { id: 'smoke', needs: [] },
      { id: 'freeze-check', needs: ['smoke'] },
      { id: 'deploy', needs: ['smoke', 'freeze-check'] },
    ],
  })
  expect(result.log).not.toContain(secret)
  expect(result.log).not.toContain(hookToken)
})

test('no secret is an argument of any program a deploy starts', async () => {
  const directory = temporaryDirectory()
  const calls = path.join(directory, 'calls')
  for (const program of ['curl', 'openssl', 'git', 'bash', 'od']) {
    const real = execFileSync('which', [program], { encoding: 'utf8' }).trim()
    const shim = path.join(directory, program)
    writeFileSync(shim, `#!/bin/sh\nprintf '%s\\n' "${program} $*" >> '${calls}'\nexec ${real} "$@"\n`)
    chmodSync(shim, 0o755)
  }
  vi.stubEnv('PATH', `${directory}:${process.env['PATH']}`)
  const result = await deploy(consoleWorkflow)
  vi.unstubAllEnvs()
  expect(result.conclusion).toBe('success')
  const recorded = readFileSync(calls, 'utf8')
  expect(recorded).toMatch(/^curl .*--config -/m)
  expect(recorded).toMatch(/^bash .*deploy-surface\.sh$/m)
  for (const text of [secret, hookToken]) expect(recorded).not.toContain(text)
})

test('staging skips the freeze check, even while production is frozen, and ships', async () => {
  const result = await deploy(consoleWorkflow, { environment: 'staging', freeze: 'Incident 42' })
  expect(result.jobs).toEqual(['smoke: success', 'freeze-check: skipped', 'deploy: success'])
  expect(statuses(result.received)).toEqual([
    'smoke_gate_started',
    'smoke_gate_passed',
    'building',
    'building',
    'deploying',
    'succeeded',
  ])
})

test('without phase callbacks only the base statuses are sent', async () => {
  const result = await deploy(consoleWorkflow, { phaseCallbacks: 'false' })
  expect(result.conclusion).toBe('success')
  expect(statuses(result.received)).toEqual(['building', 'building', 'deploying', 'succeeded'])
})

test('a surface that is not ready fails the smoke gate with its reason, and nothing is deployed', async () => {
  const result = await deploy(consoleWorkflow, { mood: { smokeProblem: 'The disk is "full"' } })
  expect(result.jobs).toEqual(['smoke: failure', 'freeze-check: skipped', 'deploy: skipped'])
  expect(result.conclusion).toBe('failure')
  expect(statuses(result.received)).toEqual(['smoke_gate_started', 'failed'])
  expect(result.received.at(-1)).toMatchObject({
    failure_stage: 'smoke_gate_failed',
    log_line: 'The surface is not ready: GET /smoke answered 503. The disk is "full"',
  })
  expect(result.surface.deploys).toBe(0)
})

test('a ref that does not exist fails in the smoke gate and says so', async () => {
  const result = await deploy(consoleWorkflow, { ref: 'no-such-branch' })
  expect(result.received.at(-1)).toMatchObject({
    status: 'failed',
    failure_stage: 'smoke_gate_failed',
    log_line: 'no-such-branch could not be checked out; nothing was deployed.',
  })
})

test('a freeze stops a production deploy with its reason', async () => {
  const result = await deploy(consoleWorkflow, { freeze: 'Incident 42' })
  expect(result.jobs).toEqual(['smoke: success', 'freeze-check: failure', 'deploy: skipped'])
  expect(result.received.at(-1)).toMatchObject({
    status: 'failed',
    failure_stage: 'freeze_check_failed',
    log_line: 'Production is frozen: Incident 42',
  })
  expect(result.surface.deploys).toBe(0)
})

test('a surface that comes up unhealthy fails the health check with what was seen', async () => {
  const result = await deploy(consoleWorkflow, { mood: { unhealthy: true } })
  expect(result.conclusion).toBe('failure')
  expect(statuses(result.received).slice(-2)).toEqual(['deploying', 'failed'])
  expect(result.received.at(-1)).toMatchObject({ failure_stage: 'health_check_failed' })
  expect(result.received.at(-1)?.log_line).toMatch(
    /^Not healthy with [0-9a-f]{7} after 1 s\. Last seen: GET \/health answered 503/,
  )
})

test('a run cancelled while the surface comes up ends as cancelled and sends nothing more', async () => {
  const controller = new AbortController()
  const result = await deploy(consoleWorkflow, {
    mood: { unhealthy: true },
    signal: controller.signal,
    watch: (event) => {
      if (event.type === 'log' && event.line.startsWith('GET /health answered')) controller.abort()
    },
  })
  expect(result.conclusion).toBe('cancelled')
  expect(result.jobs).toEqual(['smoke: success', 'freeze-check: success', 'deploy: cancelled'])
  expect(statuses(result.received).at(-1)).toBe('deploying')
})

test('break glass: a run started by hand ships without a single callback', async () => {
  const result = await deploy(consoleWorkflow, { deployId: '' })
  expect(result.conclusion).toBe('success')
  expect(result.surface).toEqual({ version: result.sha, deploys: 1 })
  expect(result.received).toEqual([])
  expect(result.events[0]).toMatchObject({ displayTitle: 'Deploy console to production' })
})

test('a console that refuses every callback does not stop the deploy', async () => {
  const receiver = await startReceiver(secret, () => ({ status: 422, body: { title: 'Not now' } }))
  const surface = await startSurface(hookToken)
  const repository = createRepository({}, { github: true })
  const file = path.resolve(import.meta.dirname, '../../../.github/workflows/deploy-console.yml')
  const result = await run(
    runRequest(repository, {
      workflowText: readFileSync(file, 'utf8'),
      event: {
        name: 'workflow_dispatch',
        inputs: { console_deploy_id: deployId, environment: 'staging', ref: 'main' },
      },
      secrets: { DEPLOY_CALLBACK_HMAC_SECRET: secret, DEPLOY_HOOK_TOKEN: hookToken },
      vars: {
        repository: { CONSOLE_INTERNAL_URL: receiver.url },
        environments: { staging: { CONSOLE_SURFACE_URL: surface.url } },
      },
    }),
  )
  expect(result.conclusion).toBe('success')
  expect(surface.state.deploys).toBe(1)
  expect(result.log).toContain("The console refused 'building' with 422: Not now")
})
