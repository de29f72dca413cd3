import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhooks } from '@octokit/webhooks'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { call, dispatch, untilEnded } from '~test/integration/sandbox/github-client'
import { type Checkout, createCheckout } from '~test/integration/sandbox/workflow-checkout'
import { loadDescription } from '~test/support/github-description/description'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

const SECRET = 'a secret for the webhooks of tests'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Event and action, as in GitHub's description. */
  readonly name: string
  readonly payload: Record<string, unknown>
}
const received: Received[] = []
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  const payload = JSON.parse(text)
  const name = [request.headers['x-github-event'], payload.action].filter(Boolean).join('-').replaceAll('_', '-')
  received.push({ headers: request.headers, text, name, payload })
  response.writeHead(202).end()
})

let checkout: Checkout
let sandbox: RunningSandbox
beforeAll(async () => {
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  checkout = createCheckout()
  sandbox = await startSandbox({
    consoleUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    callbackSecret: 'a secret for the callbacks of tests',
    webhookSecret: SECRET,
    workflowsDir: checkout.dir,
  })
})
afterAll(async () => {
  await sandbox?.stop()
  checkout?.remove()
  receiver.closeAllConnections()
  receiver.close()
})

const SHOP = '/repos/acme/storefront'
const waitingSchema = z.object({ waiting: z.array(z.object({ run: z.number() })) })
const control = (address: string, body?: unknown) =>
  fetch(`${sandbox.url}${address}`, {
    headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })

const until = (name: string) =>
  vi.waitUntil(() => received.some((one) => one.name === name), { timeout: 20_000, interval: 50 })

it('webhooks of a run, its jobs, a push and a ping are signed and as GitHub describes them', async () => {
  await until('ping')
  await untilEnded(sandbox, await dispatch(sandbox, 'hello.yml', { who: 'world' }))
  await until('workflow-run-completed')
  const { sha } = z.object({ sha: z.string() }).parse((await call(sandbox, 'GET', `${SHOP}/commits/main`)).json)
  const release = { ref: 'main', inputs: { version: 'v9', commit: sha, target: 'live' } }
  await call(sandbox, 'POST', `${SHOP}/actions/workflows/release.yml/dispatches`, { body: release })
  await until('deployment-review-requested')
  const [{ run } = { run: 0 }] = waitingSchema.parse(await (await control('/control/status')).json()).waiting
  await control('/control/reviews', { run, state: 'approved' })
  await until('deployment-review-approved')
  await untilEnded(sandbox, run, SHOP)
  await dispatch(sandbox, 'broken.yml', {})
  const gitDir = `${sandbox.dir}/acme/platform.git`
  const git = (...args: string[]) => execFileSync('git', ['--git-dir', gitDir, ...args], { encoding: 'utf8' }).trim()
  const [before, tree] = [git('rev-parse', 'main'), git('rev-parse', 'main^{tree}')]
  const who = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@acme.example' }
  const after = execFileSync('git', ['--git-dir', gitDir, 'commit-tree', tree, '-p', before, '-m', 'Search faster'], {
    encoding: 'utf8',
    env: { ...process.env, ...who, GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@acme.example' },
  }).trim()
  git('update-ref', 'refs/heads/main', after)
  await until('push')

  const isOfShop = ({ payload }: Received) => JSON.stringify(payload['repository']).includes('acme/storefront')
  expect(received.filter(isOfShop).map(({ name }) => name)).toContain('workflow-job-waiting')
  const runs = received.filter((one) => one.name.startsWith('workflow-run') && !isOfShop(one)).map(({ name }) => name)
  const unstarted = ['workflow-run-requested', 'workflow-run-completed']
  expect(runs).toEqual(['workflow-run-requested', 'workflow-run-in-progress', 'workflow-run-completed', ...unstarted])
  const names = received.map(({ name }) => name)
  expect(names).toEqual(
    expect.arrayContaining(['workflow-job-queued', 'workflow-job-in-progress', 'workflow-job-completed']),
  )
  expect(received.find(({ name }) => name === 'push')?.payload).toMatchObject({
    ...{ ref: 'refs/heads/main', before, after, created: false, deleted: false, forced: false },
    commits: [{ id: after, message: 'Search faster' }],
  })

  const { webhookProblems } = loadDescription('api.github.com')
  const webhooks = new Webhooks({ secret: SECRET })
  for (const { name, text, headers, payload } of received) {
    expect({ name, problems: webhookProblems(name, payload) }).toEqual({ name, problems: [] })
    expect(await webhooks.verify(text, String(headers['x-hub-signature-256']))).toBe(true)
  }
})
