import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { startReceiver } from './callback-receiver'
import { consoleWorkflow, deploy, deployId, hookToken, secret, statuses } from './deploy-run'
import { createRepository, temporaryDirectory } from './git-repository'
import { run, runRequest } from './run-support'
import { startSurface } from './sample-surface'

test('no program that a deploy starts has a secret in its arguments', async () => {
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

test('a deploy without phase callbacks sends only the base statuses', async () => {
  const result = await deploy(consoleWorkflow, { phaseCallbacks: 'false' })
  expect(result.conclusion).toBe('success')
  expect(statuses(result.received)).toEqual(['building', 'building', 'deploying', 'succeeded'])
})

test('a deploy of an unknown ref fails in the smoke gate and names the ref', async () => {
  const result = await deploy(consoleWorkflow, { ref: 'no-such-branch' })
  expect(result.received.at(-1)).toMatchObject({
    status: 'failed',
    failure_stage: 'smoke_gate_failed',
    log_line: 'no-such-branch could not be checked out; nothing was deployed.',
  })
})

test('a deploy continues although the console refuses every callback', async () => {
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
