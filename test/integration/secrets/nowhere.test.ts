import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runningDatabase } from '~/launch/database/embedded-postgres'
import { waitFor } from '~/launch/machine/wait-for'
import { generatedSecrets } from '~/launch/secrets'
import { createDeps } from '~/server/deps'
import { readServerConfig } from '~/server/platform/config'
import { callConsole } from '~test/support/call-console'
import { SECRET_FILES, type Secret, secretsIn, secretsInUse } from '~test/support/secrets-in-use'
import { signedInAs } from '~test/support/sessions'
import { startSlackReceiver } from '~test/support/slack-receiver'
import { type Product, startProduct } from '~test/support/start-product'
import { watchProcesses } from '~test/support/watch-processes'
import { startWebhookReceiver } from '~test/support/webhook-receiver'
import { databaseRows, filesBelow, leakingFiles } from './find-secrets.ts'

const RUN = 240_000

let product: Product
let slack: Awaited<ReturnType<typeof startSlackReceiver>>
let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
let secrets: readonly Secret[]
let commands: readonly string[]
/** Every body that the console answered, by request. */
const answers = new Map<string, string>()

/** The credentials of the requests: a session or a token. */
let credentials: Record<string, string> = {}

async function ask(address: string, init: { method?: string; headers?: object; body?: string } = {}): Promise<string> {
  const headers = { ...credentials, ...init.headers }
  const answer = await fetch(`${product.url}${address}`, { ...init, headers })
  const text = `${JSON.stringify([...answer.headers])}\n${await answer.text()}`
  answers.set(`${init.method ?? 'GET'} ${address} ${answer.status}`, text)
  return text
}

/** Makes a session and an API token of a member, beside the running product. */
async function signIn(): Promise<{ readonly cookie: string; readonly token: string }> {
  const databaseUrl = (await runningDatabase(path.join(product.dataDir, 'postgres'), 'sandbox'))?.ownerUrl ?? ''
  const { callback, auth } = generatedSecrets(product.dataDir)
  const env = { DATABASE_URL: databaseUrl, DEPLOY_CALLBACK_HMAC_SECRET: callback, AUTH_SECRET: auth }
  const deps = createDeps(readServerConfig({ ...env, GITHUB_DISPATCH_TOKEN: 'none', LOG_LEVEL: 'silent' }))
  try {
    const signedIn = await signedInAs(deps, { email: 'operator@example.com' })
    const scope = ['--may', 'deploy.read,deploy.dispatch', '--in', 'staging', '--days', '7']
    const of = ['--owner', 'operator@example.com', '--label', 'nightly']
    const { out } = await callConsole(databaseUrl, ['token', 'create', ...of, ...scope])
    return { cookie: signedIn.replace('console.session_token=', ''), token: out.trim() }
  } finally {
    await deps.db.$disconnect()
  }
}

const unguessable = (url: string) => `${url}/${randomBytes(24).toString('base64url')}`

/** Adds a channel. The answer with its signing secret is not added to `answers`. */
async function addChannel(name: string, kind: 'slack' | 'webhook', url: string): Promise<readonly Secret[]> {
  const headers = { ...credentials, 'content-type': 'application/json', origin: product.url }
  const body = JSON.stringify({ kind, name, url })
  const answer = await fetch(`${product.url}/api/trpc/deliveries.addChannel`, { method: 'POST', headers, body })
  const { id, secret } = added.parse(await answer.json()).result.data
  await ask('/api/trpc/deliveries.testChannel', { method: 'POST', headers, body: JSON.stringify({ id }) })
  const address = { name: `address of ${name}`, value: new URL(url).pathname }
  return secret === null ? [address] : [address, { name: `secret of ${name}`, value: secret }]
}

const added = z.object({
  result: z.object({ data: z.object({ id: z.string(), secret: z.string().nullable() }) }),
})

/** A deploy from request to outcome, with every kind of channel, one of which fails, and with everything logged. */
beforeAll(async () => {
  slack = await startSlackReceiver()
  receiver = await startWebhookReceiver()
  receiver.script.answer = () => ({ status: 500 })
  const webhook = unguessable(slack.url)
  const env = { SLACK_WEBHOOK_URL: webhook, DELIVERY_PRIVATE_ADDRESSES: 'allow', LOG_LEVEL: 'debug' }
  product = await startProduct({ env })
  const { cookie, token } = await signIn()
  credentials = { cookie: `console.session_token=${cookie}` }
  const channels = [
    ...(await addChannel('Other room', 'slack', unguessable(slack.url))),
    ...(await addChannel('Chat bot', 'webhook', unguessable(receiver.url))),
  ]
  secrets = secretsInUse(product, [
    ...channels,
    { name: 'Slack webhook', value: new URL(webhook).pathname },
    { name: 'session cookie', value: decodeURIComponent(cookie) },
    { name: 'API token', value: token },
  ])
  const stopWatching = watchProcesses(product.launcher.pid ?? 0)
  const json = { 'content-type': 'application/json' }
  const accepted = await ask('/api/internal/deploys', {
    method: 'POST',
    headers: { ...json, 'idempotency-key': randomBytes(16).toString('hex') },
    body: JSON.stringify({ surface: 'api-staging', ref: 'main', confirmation: 'api-staging' }),
  })
  const id = /"id":"([0-9a-f-]{36})"/.exec(accepted)?.[1] ?? 'none'
  const ended = async () => ((await ask(`/api/internal/deploys/${id}`)).includes('"terminal":true') ? true : undefined)
  await waitFor(ended, { withinMs: 180_000, everyMs: 500 })
  // Both Slack channels and the webhook have received their tests and the outcome.
  await waitFor(() => slack.texts[2], { withinMs: 30_000 })
  await waitFor(() => receiver.received[1], { withinMs: 30_000 })
  await ask('/api/trpc/deliveries.list')

  credentials = { authorization: `Bearer ${token}` }
  await ask(`/api/internal/deploys/${id}`)
  await ask(`/api/internal/deploys/${id}/log?before=3`)
  await ask('/api/internal/deploys', { method: 'POST', headers: json, body: '{}' })
  credentials = { cookie: `console.session_token=${cookie}` }
  const refused = { method: 'POST', headers: json, body: '{"status":"building"}' }
  await ask(`/api/internal/deploys/${id}/status`, refused)
  await ask(`/api/internal/deploys/${id}/status`, { ...refused, headers: { ...json, 'webhook-signature': 'v1,x' } })
  await ask('/api/internal/deploys', { ...refused, headers: { ...json, 'idempotency-key': 'a-key-of-16-chars' } })
  await ask('/api/trpc/surfaces.lock', refused)
  await ask('/api/trpc/none')
  await ask('/api/trpc/surfaces.list')
  await ask('/api/audit/export?format=json')
  await ask('/api/openapi.json')
  await ask('/api/health/ready')
  const pages = [
    '/',
    '/audit',
    '/flags',
    '/freezes',
    '/people',
    '/tokens',
    '/account',
    '/approvals',
    '/deliveries',
    '/sign-in',
  ]
  for (const page of [...pages, '/surfaces/api-staging', '/none', `/?deploy=${id}`]) await ask(page)
  commands = stopWatching()
}, RUN)
afterAll(async () => {
  await product.stop()
  await slack.close()
  await receiver.close()
}, RUN)

describe('secrets after a deploy from request to outcome', () => {
  it('(precondition) the deploy succeeded, every channel received it, and the search recognises each secret', () => {
    expect([...answers.values()].some((text) => text.includes('"status":"succeeded"'))).toBe(true)
    expect([...answers.keys()]).toContain('POST /api/trpc/deliveries.testChannel 200')
    expect(answers.get('GET /api/trpc/deliveries.list 200')).toContain('The receiver answered 500')
    expect(secrets.map(({ name }) => name)).toContain('secret of Chat bot')
    for (const secret of secrets) {
      expect(secret.value.length, secret.name).toBeGreaterThan(20)
      const leaked = [secret.value, Buffer.from(secret.value).toString('base64')]
      for (const text of leaked) expect(secretsIn(`"${text}"`, secrets)).toContain(secret.name)
    }
    expect(commands.some((command) => command.includes('src/launch/serve.mjs'))).toBe(true)
    expect(commands.some((command) => command.includes('notify.sh') || command.includes('curl'))).toBe(true)
  })

  it('no secret appears in the output of npm start', () => {
    expect(secretsIn(product.output(), secrets)).toEqual([])
  })

  it('no secret appears in the arguments of any process', () => {
    expect(secretsIn(commands.join('\n'), secrets)).toEqual([])
  })

  it('no secret appears in any answer: data, refusals and pages', () => {
    const leaks = [...answers].filter(([, text]) => secretsIn(text, secrets).length > 0).map(([what]) => what)
    expect(leaks).toEqual([])
  })

  it('no secret appears in a delivery to any channel', () => {
    expect(secretsIn([...slack.texts, JSON.stringify(receiver.received)].join('\n'), secrets)).toEqual([])
  })

  it('no secret appears in any row of the database, including the audit trail', async () => {
    const rows = (
      await databaseRows((await runningDatabase(path.join(product.dataDir, 'postgres'), 'sandbox'))?.ownerUrl ?? '')
    ).join('\n')
    expect(rows).toContain('console.deploy.callback')
    expect(secretsIn(rows, secrets)).toEqual([])
  })

  it('no secret appears in a file of DATA_DIR, except the files that store secrets', () => {
    const files = filesBelow(path.join(product.dataDir, 'logs'))
    expect(files.map((file) => path.basename(file))).toEqual(expect.arrayContaining(['server.log', 'sandbox.log']))
    expect(leakingFiles(product.dataDir, secrets)).toEqual(SECRET_FILES.toSorted())
  })
})

describe('the permissions of DATA_DIR', () => {
  it('DATA_DIR has mode 0700, and each file with a secret has mode 0600', () => {
    const modeOf = (file: string) => (statSync(path.join(product.dataDir, file)).mode & 0o777).toString(8)
    expect(modeOf('.')).toBe('700')
    for (const file of SECRET_FILES) {
      expect(modeOf(file), file).toBe('600')
      expect(modeOf(path.dirname(file)), path.dirname(file)).toBe('700')
    }
  })
})
