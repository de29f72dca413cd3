import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '~/launch/machine/ports'
import { type BuiltServer, startBuiltServer } from '~test/support/built-server'
import { CALLBACK_SECRET, createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { signedInAs } from '~test/support/sessions'
import { signedCallback } from '~test/support/signed-callback'
import { startTraceReceiver } from '~test/support/trace-receiver'

let console_: TestConsole
let server: BuiltServer
let metricsPort: number
let traces: Awaited<ReturnType<typeof startTraceReceiver>>
beforeAll(async () => {
  console_ = await createTestConsole()
  metricsPort = await freePort()
  traces = await startTraceReceiver()
  server = await startBuiltServer({
    DATABASE_URL: console_.deps.config.databaseUrl,
    GITHUB_API_URL: 'http://127.0.0.1:9/api/v3',
    GITHUB_DISPATCH_TOKEN: 'test-token',
    DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
    IN_PROCESS_WORKER: 'off',
    METRICS_PORT: String(metricsPort),
    CONSOLE_COMMIT: 'abcdef1',
    TRUSTED_PROXIES: '127.0.0.1',
    ...traces.env,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  })
})
afterAll(async () => {
  await server.stop()
  await traces.close()
  await console_.close()
})

const id = '00000000-0000-7000-8000-000000000000'
const CHANGING = ['POST', 'PUT', 'PATCH', 'DELETE'] as const

describe('errors below /api', () => {
  const nowhere = [
    '',
    '/none',
    '/none/at/all',
    '/health/none',
    `/internal/deploys/${id}/none`,
    '/internal',
    '/none.json',
  ]
  const rows: readonly (readonly [string, string, number, string])[] = [
    ...nowhere.flatMap((address) =>
      ['GET', ...CHANGING].map((method) => [method, `/api${address}`, 404, 'address_unknown'] as const),
    ),
    ...['/health', '/health/ready', '/openapi.json', '/internal/freezes'].flatMap((address) =>
      CHANGING.map((method) => [method, `/api${address}`, 405, 'method_refused'] as const),
    ),
    ['GET', `/api/internal/deploys/${id}/status`, 405, 'method_refused'],
    ['PUT', '/api/internal/deploys', 405, 'method_refused'],
    ['PUT', '/api/auth/get-session', 405, 'method_refused'],
    ['DELETE', '/api/trpc/surfaces.list', 405, 'method_refused'],
    ['GET', `/api/internal/deploys/${id}`, 401, 'signed_out'],
    ['POST', `/api/internal/deploys/${id}/status`, 401, 'signature_invalid'],
    ['POST', '/api/internal/deploys/none/status', 400, 'invalid_id'],
    ['GET', '/api/internal/freezes', 401, 'signature_invalid'],
    ['POST', '/api/internal/deploys/%ff/status', 404, 'address_unknown'],
    ['GET', '/api/internal/deploys/%/log', 404, 'address_unknown'],
  ]

  it.each(rows)('%s %s is answered with problem document %i %s', async (method, address, status, code) => {
    const answer = await fetch(`${server.url}${address}`, { method, redirect: 'manual' })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.has('allow')).toBe(status === 405)
    expect(await answer.json()).toEqual({
      type: `urn:deploy-console:problem:${code.replaceAll('_', '-')}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
      code,
      request_id: answer.headers.get('x-request-id'),
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
  })
})

const statusLine = (request: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url)
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(request))
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text.split('\r\n', 1)[0] ?? ''))
  })

it.each(['OPTIONS', 'GET', 'POST', 'HEAD'])(
  'the request %s * is answered, and the server continues to serve',
  async (method) => {
    const line = await statusLine(`${method} * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    expect(line).toMatch(/^HTTP\/1\.1 (2|4)\d\d /)
    expect((await fetch(`${server.url}/api/health`)).status).toBe(200)
  },
)

it.each(['/sign-in?next=%', '/sign-in?%', '/sign-in?next=%ff&x=%zz'])(
  'the page at %s is shown although its query cannot be decoded',
  async (address) => {
    const answer = await fetch(`${server.url}${address}`)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('Sign in')
  },
)

it('the audit trail is shown although its filter cannot be decoded', async () => {
  const cookie = await signedInAs(console_.deps)
  const answer = await fetch(`${server.url}/audit?actor=%`, { headers: { cookie }, redirect: 'manual' })
  expect(answer.status).toBe(200)
  expect(await answer.text()).toContain('Audit')
})

it('the health answer names version and commit, and the metrics name them too', async () => {
  const answer = await fetch(`${server.url}/api/health`)
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(await answer.json()).toEqual({ status: 'live', version, commit: 'abcdef1' })
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  expect(metrics).toContain(`deploy_console_build_info{version="${version}",commit="abcdef1"} 1`)
})

it('the metrics count each request by its route pattern and status class', async () => {
  const scrape = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  const countOf = (text: string, labels: string) =>
    Number(
      text.match(
        new RegExp(`^deploy_console_http_requests_total{${labels.replaceAll(/[{}/.]/g, '\\$&')}} (\\d+)$`, 'm'),
      )?.[1] ?? 0,
    )
  const rows = [
    [`/api/internal/deploys/${id}/status`, 'route="/api/internal/deploys/{id}/status",method="GET",class="4xx"'],
    ['/api/trpc/surfaces.list', 'route="/api/trpc/surfaces.list",method="GET",class="4xx"'],
    ['/api/health?x=1', 'route="/api/health",method="GET",class="2xx"'],
    ['/surfaces/none', 'route="/surfaces/{id}",method="GET",class="3xx"'],
    ['/no/such/page', 'route="other",method="GET",class="4xx"'],
  ] as const
  const before = await scrape()
  for (const [address] of rows) await (await fetch(`${server.url}${address}`, { redirect: 'manual' })).text()
  const after = await scrape()
  for (const [, labels] of rows)
    expect(`${labels} ${countOf(after, labels)}`).toBe(`${labels} ${countOf(before, labels) + 1}`)
})

it('one trace holds the request, what Next did for it and the callback, and continues the trace of a trusted proxy', async () => {
  const deploy = await insertDeployAt(console_.deps, 'building')
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const signed = signedCallback(deploy.id, { status: 'deploying' })
  const { pathname } = new URL(signed.url)
  const headers = { ...Object.fromEntries(signed.headers), traceparent: `00-${traceId}-b7ad6b7169203331-01` }
  const answer = await fetch(`${server.url}${pathname}`, { method: 'POST', headers, body: await signed.text() })
  expect(answer.status).toBe(200)
  const spans = await traces.traceWith('POST /api/internal/deploys/{id}/status', traceId)
  const request = spans.find(({ name }) => name === 'POST /api/internal/deploys/{id}/status')
  expect(request?.parentSpanId).toBe('b7ad6b7169203331')
  expect(spans.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['callback', expect.stringContaining('/api/internal/deploys/[id]/status')]),
  )
  const callback = spans.find(({ name }) => name === 'callback')
  expect(callback?.attributes).toContainEqual({ key: 'deploy_console.deploy_id', value: { stringValue: deploy.id } })
  expect(traces.resources).toContainEqual({ key: 'service.name', value: { stringValue: 'deploy-console' } })
  expect(traces.resources).toContainEqual({ key: 'deployment.environment.name', value: { stringValue: 'test' } })
})

it('the trace_id of a problem document is the one that is exported', async () => {
  const answer = await fetch(`${server.url}/api/none`)
  const { trace_id: traceId } = await answer.json()
  expect((await traces.traceWith('GET other', traceId)).length).toBeGreaterThan(0)
})

it('no span holds the secret of a link or a query', async () => {
  await (await fetch(`${server.url}/setup/s3cret-of-a-link?code=s3cret`)).text()
  await (await fetch(`${server.url}/api/auth/callback/oidc?code=s3cret`, { redirect: 'manual' })).text()
  await traces.traceWith('GET /setup/{token}')
  await traces.traceWith('GET /api/auth/{...all}')
  expect(JSON.stringify(traces.spans)).not.toContain('s3cret')
})
