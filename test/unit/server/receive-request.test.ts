import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AppError } from '~/domain/errors'
import { createGuard } from '~/server/platform/http/guard'
import { problemResponse } from '~/server/platform/http/problem'
import { createReceiver } from '~/server/platform/http/receive-request'
import { createLogger } from '~/server/platform/logger'
import { createMetrics } from '~/server/platform/metrics'

const lines: Record<string, unknown>[] = []
const logger = createLogger('debug', { write: (text: string) => void lines.push(JSON.parse(text)) })
const guard = createGuard({ trustedProxies: ['127.0.0.1'], consoleUrl: 'https://console.example.com' })
const receive = createReceiver({ logger, metrics: createMetrics() }, new Set(['deploys.get', 'deploys.dispatch']))

/** Answers with a problem document, after a wait, in place of Next. */
async function answerProblem(response: ServerResponse) {
  await new Promise(setImmediate)
  logger.warn('inside')
  const problem = problemResponse(new AppError('address_unknown', 'Nothing is here.'))
  response.writeHead(problem.status).end(await problem.text())
}

const server = createServer((request, response) => {
  guard(request, response)
  receive(request, response, () => void answerProblem(response))
})
let url: string
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(() => server.close())

const ask = async (path: string, init: RequestInit = {}) => {
  lines.length = 0
  const answer = await fetch(`${url}${path}`, init)
  const id = answer.headers.get('x-request-id')
  return { id, body: await answer.json(), access: lines.find(({ msg }) => msg === 'request'), lines: [...lines] }
}

const INFO = 30
const DEBUG = 20

it('the id that a trusted proxy sent is in the answer, the problem document and every line', async () => {
  const headers = { 'x-request-id': 'proxy-4711', 'x-forwarded-for': '203.0.113.9' }
  const { id, body, lines: written, access } = await ask('/api/internal/deploys', { method: 'POST', headers })
  expect([id, body.request_id]).toEqual(['proxy-4711', 'proxy-4711'])
  expect(written.map(({ msg, requestId }) => `${msg} ${requestId}`)).toEqual([
    'inside proxy-4711',
    'request proxy-4711',
  ])
  expect(access).toMatchObject({
    level: INFO,
    method: 'POST',
    route: '/api/internal/deploys',
    status: 404,
    address: '203.0.113.9',
  })
})

it.each(['short', `${'x'.repeat(200)}`, 'two words of it', '{"a":"injected"}'])(
  'the id %j is replaced, because it would be logged',
  async (sent) => {
    const { id, body } = await ask('/', { headers: { 'x-request-id': sent } })
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(body.request_id).toBe(id)
  },
)

it('the access line names the route, never the secret of a link', async () => {
  for (const path of ['/setup/s3cret-of-a-link', '/invite/s3cret-of-a-link?x=s3cret', '/nowhere/s3cret']) {
    const { access, lines: written } = await ask(path)
    expect(access).toMatchObject({ level: INFO, status: 404 })
    expect(JSON.stringify(written)).not.toContain('s3cret')
  }
})

it.each([
  ['GET', '/api/trpc/deploys.get?input=1', DEBUG],
  ['POST', '/api/trpc/deploys.dispatch', INFO],
  ['GET', '/api/health/ready', DEBUG],
  ['GET', '/api/internal/deploys/1', DEBUG],
  ['POST', '/api/internal/deploys/1/status', INFO],
  ['GET', '/_next/static/a.js', DEBUG],
  ['GET', '/surfaces/a', INFO],
])('a line for %s %s has level %i: polls, probes and files do not hide other requests', async (method, path, level) => {
  expect((await ask(path, { method })).access).toMatchObject({ level, method })
})
