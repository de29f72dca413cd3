import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ERROR_CODES } from '~/domain/errors'
import { acceptLinkInput } from '~/domain/member-input'
import { openApiDocument } from '~/server/openapi/document'
import { appRouter } from '~/server/trpc/routers/_app'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { hostileInputs, hostileJson, hostileTexts, hostileValues, samples } from '~test/support/hostile-values'
import { handlersOf, listRoutes } from '~test/support/route-modules'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { signedInAs } from '~test/support/sessions'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let cookie: string
beforeAll(async () => {
  github = await startScriptedGitHub()
  github.script.onListRuns = ({ path }) => ({
    status: 200,
    body: /\/(branches|tags|commits|git)/.test(path) ? [] : { total_count: 0, workflow_runs: [] },
  })
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  Object.assign(globalThis, { deployConsoleDeps: console_.deps })
  await insertSurface(console_.deps, { id: 'api', environment: 'staging' })
  cookie = await signedInAs(console_.deps)
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

/** A plausible value for each member's name. */
const PLAUSIBLE = {
  surfaceId: 'api',
  surface: 'api',
  service: 'api',
  measure: 'failure',
  days: 30,
  ref: 'main',
  confirmation: 'api',
  environment: 'staging',
  environments: ['staging'],
  expectedSha: 'a'.repeat(40),
  reviewedRunningSha: 'a'.repeat(40),
  declaration: 'a'.repeat(64),
  workflowFile: 'a'.repeat(40),
  workflow_file: 'a'.repeat(40),
  expected_running_sha: 'a'.repeat(40),
  expected_sha: 'a'.repeat(40),
  deployed_sha: 'a'.repeat(40),
  idempotencyKey: 'key-of-a-request',
  checklist: ['Ask support'],
  flag: 'FLAG_CONSOLE_DEPLOY_ASYNC',
  label: 'ci',
  code: 'BCDF-GHJK',
  cursor: null,
  text: 'main',
  role: 'viewer',
  status: 'building',
  failure_stage: null,
  run_id: '4294967296',
  runId: '4294967296',
  environmentId: '11',
  waiting: [{ id: '11', name: 'live' }],
  from: '2026-11-21',
  to: '2026-11-28T10:00:00+01:00',
  format: 'json',
  rule: 'FREQ=WEEKLY;BYDAY=FR',
  timeZone: 'Europe/Berlin',
  time_zone: 'Europe/Berlin',
  localStart: '2026-12-04T16:00',
  local_start: '2026-12-04T16:00',
  userId: '0199aaaa-0000-7000-8000-000000000000',
  url: 'https://192.0.2.1/hook',
  password: 'correct horse battery',
}

const jsonSchema = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })

const trpcError = z.object({
  error: z.object({
    message: z.string(),
    data: z.object({ appCode: z.enum(Object.keys(ERROR_CODES)) }),
  }),
})
const problem = z.object({ code: z.enum(Object.keys(ERROR_CODES)), status: z.int().lt(500), detail: z.string() })

const shown = (value: unknown) => `${hostileJson(value)}`.slice(0, 200)

const headers = () => ({ host: 'localhost:3000', 'content-type': 'application/json', cookie })

describe('hostile input to the procedures', () => {
  const meant = z.object({
    type: z.enum(['query', 'mutation', 'subscription']),
    inputs: z.array(z.instanceof(z.ZodType)),
  })
  const procedures = Object.entries(appRouter._def.procedures).map(([path, made]) => ({
    path,
    ...meant.parse(Object(made)._def),
  }))

  async function send(path: string, type: string, text: string) {
    const { GET, POST } = await import('~/app/api/trpc/[trpc]/route')
    const address = `http://localhost:3000/api/trpc/${path}`
    const answer =
      type !== 'mutation'
        ? await GET(new Request(`${address}?input=${encodeURIComponent(text)}`, { headers: headers() }))
        : await POST(new Request(address, { method: 'POST', headers: headers(), body: text }))
    return { status: answer.status, text: await answer.text() }
  }

  const expectTyped = ({ status, text }: Awaited<ReturnType<typeof send>>, sent: string) => {
    expect(status, `${sent}: ${text.slice(0, 300)}`).toBeLessThan(500)
    if (status >= 400 && status !== 413)
      expect(trpcError.safeParse(JSON.parse(text)).success, `${sent}: ${text}`).toBe(true)
  }

  it.each(procedures.filter(({ inputs }) => inputs.length > 0))(
    '$path answers hostile input with a typed error, never with a 5xx',
    async ({ path, type, inputs }) => {
      const [input = z.never()] = inputs
      const schema = jsonSchema(input)
      for (const sample of samples(schema, PLAUSIBLE)) {
        expect(input.safeParse(sample).error?.message, `the generator made ${shown(sample)}`).toBeUndefined()
      }
      for (const value of hostileInputs(schema, PLAUSIBLE)) {
        expectTyped(await send(path, type, hostileJson(value)), shown(value))
      }
    },
  )

  const BODIES = [
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '{"id":"x","__proto__":{"id":"y"}}',
    '{"constructor":{"prototype":{"id":"x"}}}',
    '{"json":{"id":"x"},"meta":{"values":{"id":["Date"]}}}',
  ]
  it.each(['deploys.get', 'deploys.cancel'])('%s answers a malformed request body with a typed error', async (path) => {
    const type = path === 'deploys.get' ? 'query' : 'mutation'
    for (const text of BODIES) expectTyped(await send(path, type, text), text)
  })

  it.each(['', '__proto__', 'deploys.__proto__', 'constructor', 'deploys.get,deploys.get', '%00', 'x'.repeat(1_000)])(
    'a procedure named "%s" is answered with a typed error',
    async (path) => expectTyped(await send(path, 'query', '{}'), path),
  )
})

const parameter = z.looseObject({ name: z.string(), in: z.enum(['path', 'query', 'header']) })
const operation = z.looseObject({
  security: z.array(z.unknown()),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ content: z.object({ 'application/json': z.object({ schema: z.unknown() }) }) }).optional(),
})

describe('hostile input to the routes of the OpenAPI document', () => {
  const document = openApiDocument('http://localhost:3000')
  const described = z.record(z.string(), z.record(z.string(), operation)).parse(document.paths)
  const operations = Object.entries(described).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ template, method: method.toUpperCase(), ...one })),
  )

  const routes = listRoutes('api')

  async function answer(template: string, request: Request, params: Record<string, string>) {
    const route = routes.find((one) => one.template === template)
    const handler = route === undefined ? undefined : (await handlersOf(route))[request.method]
    if (handler === undefined) throw new Error(`${request.method} ${template} is described but does not exist`)
    const response = await handler(request, { params: Promise.resolve(params) })
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }

  const expectProblem = (answered: Awaited<ReturnType<typeof answer>>, sent: string) => {
    const { status, type, text } = answered
    expect(status, `${sent}: ${text.slice(0, 300)}`).toBeLessThan(500)
    if (status < 400) return
    expect(type, sent).toBe('application/problem+json')
    expect(problem.safeParse(JSON.parse(text)).error, `${sent}: ${text}`).toBeUndefined()
  }

  it.each(operations)(
    '$method $template answers hostile input with a problem document, never with a 5xx',
    async ({ template, method, parameters, requestBody, security }) => {
      const { id } = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 4294967296n })
      const signed = security.length === 0
      const call = async (changed: { id?: string; query?: string; header?: [string, string]; body?: string }) => {
        const address = template.replace('{id}', encodeURIComponent(changed.id ?? id).slice(0, 5_000))
        const url = `http://localhost:3000${address}${changed.query ?? ''}`
        const body = method === 'GET' ? null : (changed.body ?? '{}')
        const request =
          signed && method === 'POST'
            ? signedCallback(changed.id ?? id, body ?? '')
            : new Request(url, { method, headers: { ...headers(), 'idempotency-key': 'key-of-a-request' }, body })
        if (changed.header !== undefined) request.headers.set(...changed.header)
        const what = shown(changed)
        expectProblem(await answer(template, request, { id: changed.id ?? id }), what)
      }
      for (const text of template.includes('{id}') ? hostileTexts : [])
        await call({ id: text.replace(/\p{Cs}/gu, '\ufffd') })
      for (const { name } of parameters.filter((one) => one.in === 'query')) {
        for (const text of hostileTexts)
          await call({ query: `?format=json&${name}=${encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'))}` })
        for (const raw of ['%', '%ff', '%00', '%ED%A0%80', '[]'])
          await call({ query: `?${name}=${raw}&${name}=${raw}` })
      }
      for (const { name } of parameters.filter((one) => one.in === 'header')) {
        for (const text of ['', '""', '"\\', 'x'.repeat(5_000), '\u00ff\u00fe', '__proto__', 'W/"', '*'])
          await call({ header: [name, text] })
      }
      if (requestBody !== undefined) {
        const { schema } = requestBody.content['application/json']
        for (const value of hostileInputs(schema, PLAUSIBLE, document)) await call({ body: hostileJson(value) })
      }
      for (const body of ['', '{', '\ufeff{}', '[[[', '{"a":1,"a":2}', '\u0000'])
        if (method !== 'GET') await call({ body })
    },
  )
})

describe("hostile input to the console's own paths below /api/auth", () => {
  const BODIES = {
    'links/accept': jsonSchema(acceptLinkInput),
    'confirm/password': { type: 'object', properties: { password: { type: 'string' } } },
    'confirm/passkey': {
      type: 'object',
      properties: {
        response: {
          type: 'object',
          properties: {
            id: { type: 'string' },
            response: { type: 'object', properties: { userHandle: { type: 'string' } } },
          },
        },
      },
    },
  }
  it.each(Object.entries(BODIES))('%s answers hostile input with a 4xx', async (path, schema) => {
    const { POST } = await import('~/app/api/auth/[...all]/route')
    for (const value of hostileInputs(schema, {})) {
      const request = new Request(`http://localhost:3000/api/auth/${path}`, {
        method: 'POST',
        headers: { ...headers(), origin: 'http://localhost:3000' },
        body: hostileJson(value),
      })
      const { status } = await POST(request)
      expect(status, shown(value)).toBeGreaterThanOrEqual(400)
      expect(status, shown(value)).toBeLessThan(500)
    }
  })
})

it('every hostile value can be written as JSON and parsed again', () => {
  for (const value of hostileValues) expect(() => JSON.parse(hostileJson(value))).not.toThrow()
})
