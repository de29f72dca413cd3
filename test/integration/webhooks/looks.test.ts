import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { receiveWebhook } from '~/server/webhooks/receive-webhook'
import { startWorker } from '~/server/worker/start-worker'
import { dispatch } from '~test/integration/sandbox/github-client'
import {
  CALLBACK_SECRET,
  createTestConsole,
  insertDeployAt,
  insertSurface,
  type TestConsole,
  WEBHOOK_SECRET,
} from '~test/support/console'
import { runQueue } from '~test/support/run-queue'
import { jobsAnswer, runAnswer, startScriptedGitHub } from '~test/support/scripted-github'
import { signedWebhook, webhookEvents } from '~test/support/signed-webhook'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

const { run, job } = webhookEvents

describe('fifty webhooks about one run', () => {
  let console_: TestConsole
  let github: Awaited<ReturnType<typeof startScriptedGitHub>>
  beforeAll(async () => {
    github = await startScriptedGitHub()
    github.script.onRun = () => runAnswer('success')
    github.script.onJobs = () => jobsAnswer({ deploy: 'success' })
    console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  })
  afterAll(async () => {
    await console_.close()
    await github.close()
  })

  it("fifty webhooks about one run cause one look, and GitHub's record ends the deploy", async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'building', { githubRunId: 41n })
    const events = Array.from({ length: 50 }, (_, n) =>
      n % 5 === 0 ? signedWebhook('workflow_run', run(41)) : signedWebhook('workflow_job', job(41)),
    )
    await Promise.all(events.map(async (event) => receiveWebhook(deps, await event)))
    expect(github.requests).toEqual([])
    await deps.db.$executeRaw`UPDATE graphile_worker._private_jobs SET run_at = now()`
    await runQueue(deps)
    const asked = github.requests.map(({ path }) => path.split('/runs/41')[1]?.split('?')[0])
    expect(asked.toSorted()).toEqual(['', '/jobs'])
    expect(await deps.db.deploy.findUniqueOrThrow({ where: { id } })).toMatchObject({ status: 'succeeded' })
  })
})

describe('webhooks of the sandbox', () => {
  let console_: TestConsole
  let sandbox: RunningSandbox
  let open: (opened: TestConsole) => void = () => undefined
  const opened = new Promise<TestConsole>((resolve) => {
    open = resolve
  })
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const headers = new Headers(request.headers as Record<string, string>)
    const url = `http://localhost${request.url}`
    const answer = await receiveWebhook(
      (await opened).deps,
      new Request(url, { method: 'POST', headers, body: Buffer.concat(chunks) }),
    )
    response.writeHead(answer.status).end()
  })
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    sandbox = await startSandbox({
      consoleUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      callbackSecret: CALLBACK_SECRET,
      webhookSecret: WEBHOOK_SECRET,
    })
    console_ = await createTestConsole({ githubApiUrl: sandbox.apiUrl, env: { GITHUB_DISPATCH_TOKEN: sandbox.token } })
    open(console_)
    await insertSurface(console_.deps, { id: 'console-staging', environment: 'staging' })
  })
  afterAll(async () => {
    await sandbox.stop()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    await console_.close()
  })

  it('a run started by hand is on the tile long before the next look is due', async () => {
    const { deps } = console_
    const worker = startWorker(deps)
    try {
      // Wait for the look of the start. The next one is minutes away.
      await vi.waitUntil(() => deps.db.repositoryLook.count({ where: { look: 'runs' } }), { timeout: 20_000 })
      await dispatch(sandbox, 'deploy-console.yml', { environment: 'staging' })
      const shown = async () => (await listTiles(deps))[0]?.outsideRun?.state
      await vi.waitUntil(async () => (await shown()) === 'running', { timeout: 30_000, interval: 100 })
      await vi.waitUntil(async () => (await shown()) === 'succeeded', { timeout: 60_000, interval: 100 })
    } finally {
      await worker.stop()
    }
  }, 120_000)
})
