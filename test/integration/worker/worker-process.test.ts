import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { programArgs } from '~/launch/build/programs'
import { freePort } from '~/launch/machine/ports'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { createDeps } from '~/server/deps'
import { openFront } from '~/server/front'
import { unlockAbandonedJobs } from '~/server/platform/jobs.sql'
import {
  AUTH_SECRET,
  CALLBACK_SECRET,
  createTestConsole,
  insertDeployAt,
  type TestConsole,
} from '~test/support/console'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import { jobsAnswer, runAnswer, startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'
import { startSlackReceiver } from '~test/support/slack-receiver'
import { startTraceReceiver } from '~test/support/trace-receiver'

const root = path.resolve(import.meta.dirname, '../../..')

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const children: ChildProcess[] = []

beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl, env: { IN_PROCESS_WORKER: 'off' } })
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await console_.close()
  await github.close()
})

const startWorkerProcess = (env: Record<string, string> = {}, output: 'pipe' | number = 'pipe') =>
  spawn(process.execPath, ['--conditions=react-server', ...programArgs(root, 'src/launch/worker.ts')], {
    cwd: root,
    stdio: ['ignore', output, output === 'pipe' ? 'inherit' : output],
    env: {
      NODE_ENV: 'production',
      PATH: process.env['PATH'],
      DATABASE_URL: console_.deps.config.databaseUrl,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_DISPATCH_TOKEN: 'test-token',
      DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
      AUTH_SECRET,
      LOG_LEVEL: 'silent',
      ...env,
    },
  })

describe('npm run worker', () => {
  // Writing to /dev/full fails as on a full disk.
  it('npm run worker runs the jobs of a server without a worker, answers health checks, also with a full disk for its log and output, and exits with 0 on SIGTERM', async () => {
    const { deps } = console_
    const server = createDeps(deps.config)
    openFront(server, { answer: async () => new Response(null), procedures: new Set() })
    github.script.onRun = () => runAnswer('success')
    github.script.onJobs = () => jobsAnswer({ deploy: 'success' })
    const { id } = await insertDeployAt(deps, 'smoke_gate_started', { githubRunId: 7n })
    await receiveCallback(server, signedCallback(id, { status: 'deploying' }), id)
    expect(await queuedJobs(deps)).toHaveLength(1)

    const [metricsPort, port] = [await freePort(), await freePort()]
    const traces = await startTraceReceiver()
    const full = openSync('/dev/full', 'w')
    const child = startWorkerProcess(
      {
        METRICS_PORT: String(metricsPort),
        WORKER_HEALTH_PORT: String(port),
        LOG_FILE: '/dev/full',
        LOG_LEVEL: 'debug',
        ...traces.env,
      },
      full,
    )
    closeSync(full)
    children.push(child)
    await vi.waitUntil(async () => (await deps.db.deploy.findUniqueOrThrow({ where: { id } })).status === 'succeeded', {
      timeout: 50_000,
      interval: 100,
    })
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    expect(metrics).toMatch(
      /^deploy_console_job_duration_seconds_count{task="look_at_repositories",outcome="done"} [1-9]/m,
    )
    const trace = await traces.traceWith('job reconcile_deploy')
    const job = trace.find(({ name }) => name === 'job reconcile_deploy')
    const asked = trace.find(({ name }) => name === 'GitHub run')
    expect(job?.parentSpanId ?? '').toBe('')
    expect(asked?.parentSpanId).toBe(job?.spanId)
    const health = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`)
      return [answer.status, await answer.json()]
    }
    expect(await health('/api/health')).toEqual([200, { status: 'live' }])
    expect(await health('/api/health/ready')).toEqual([200, { ready: true, heartbeat: 'recorded' }])
    expect(await deps.db.heartbeat.count({ where: { kind: 'worker' } })).toBe(1)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    await traces.close()
    await server.db.$disconnect()
  })

  it('a delivery of a killed worker is not sent again by the next one', async () => {
    const { deps } = console_
    // The outcome of another test's deploy would be sent too.
    await runQueue(deps)
    const slack = await startSlackReceiver()
    slack.script.answer = () => new Promise(() => {})
    const { id } = await insertDeployAt(deps, 'deploying')
    await receiveCallback(deps, signedCallback(id, { status: 'succeeded' }), id)
    const child = startWorkerProcess({ SLACK_WEBHOOK_URL: slack.url })
    children.push(child)
    await vi.waitUntil(() => slack.texts.length === 1, { timeout: 50_000, interval: 50 })
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended

    slack.script.answer = () => 200
    const next = createDeps({ ...deps.config, slackWebhookUrl: slack.url })
    await unlockAbandonedJobs(deps.db, new Date(Date.now() + 60_000))
    await runQueue(next)
    expect(slack.texts).toHaveLength(1)
    expect(await deps.db.delivery.findFirst({ where: { deployId: id } })).toMatchObject({
      state: 'unknown',
    })
    await next.db.$disconnect()
    await slack.close()
  })
})
