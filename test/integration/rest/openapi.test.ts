import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TOKEN_PERMISSIONS } from '~/domain/api-token'
import { openApiDocument } from '~/server/openapi/document'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { handlersOf, listRoutes } from '~test/support/route-modules'
import { signedInAs } from '~test/support/sessions'
import { signedCallback } from '~test/support/signed-callback'
import { signedWebhook, webhookEvents } from '~test/support/signed-webhook'

let console_: TestConsole
let rest: ReturnType<typeof restClient>
beforeAll(async () => {
  console_ = await createTestConsole()
  rest = restClient(console_.deps)
})
afterAll(() => console_.close())

const document = openApiDocument('http://localhost:3000')

describe('the OpenAPI document', () => {
  it('the document is valid by the official schema of OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true })
  })

  it('the document describes exactly the routes and methods below /api/internal', async () => {
    const served = await Promise.all(
      listRoutes('api/internal').map(async (route) => {
        // The Allow header of an address lists its methods.
        const options = await (await handlersOf(route))['OPTIONS']?.(new Request('http://localhost/'), {
          params: Promise.resolve({}),
        })
        const allow = options?.headers.get('allow')?.split(', ') ?? []
        const methods = allow.filter((method) => !['OPTIONS', 'HEAD'].includes(method))
        return methods.map((method) => `${method} ${route.template}`)
      }),
    )
    const listed = Object.entries(document.paths)
      .filter(([template]) => template.startsWith('/api/internal'))
      .flatMap(([template, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${template}`))
    expect(listed.toSorted()).toEqual(served.flat().toSorted())
  })

  it('the document names only permissions that a token can have, and exactly two operations that need a person', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
    const named = operations.flatMap(({ operationId, security }) =>
      security.map((scheme) => ({ operationId, ...scheme })),
    )
    const byToken = named.flatMap((one) => ('apiToken' in one ? one.apiToken : []))
    expect(byToken.filter((permission) => !TOKEN_PERMISSIONS.some((held) => held === permission))).toEqual([])
    const bySession = named.flatMap((one) => ('session' in one ? [one.operationId] : []))
    expect(bySession.toSorted()).toEqual(['approveDeploy', 'refuseDeploy'])
    expect(Object.keys(document.components.securitySchemes)).toEqual(['apiToken', 'session'])
  })

  it('the document is served unchanged', async () => {
    // This address is not in the document, so the checking client cannot be used.
    const { GET } = await import('~/app/api/openapi.json/route')
    const request = new Request('http://localhost:3000/api/openapi.json', {
      headers: { host: 'localhost:3000', cookie: await signedInAs(console_.deps) },
    })
    const answer = await GET(request, { params: Promise.resolve({}) })
    expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument(console_.deps.config.consoleUrl))))
  })
})

it('every answer to a GitHub webhook is as the document describes', async () => {
  await insertSurface(console_.deps)
  const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  for (const [status, request] of [
    [202, signedWebhook('push', webhookEvents.push())],
    [202, signedWebhook('ping', { hook: { events: ['push'] } })],
    [202, signedWebhook('star', {})],
    [400, signedWebhook('push', '{')],
    [400, signedWebhook('push', {})],
    [401, signedWebhook('push', {}, { secret: 'another secret, long enough' })],
    [413, signedWebhook('push', 'x'.repeat(1024 * 1024 + 1))],
    [415, signedWebhook('push', {}, form)],
  ] as const) {
    expect(await rest.send(await request)).toMatchObject({ status })
  }
})

describe('answers to a callback', () => {
  it.each([
    ['that is applied', { status: 'smoke_gate_started', log_line: 'Started.' }, 200],
    ['with a status that only the console sets', { status: 'dispatched' }, 422],
    ['that is not JSON', '{', 400],
    ['with an unknown status', { status: 'exploded' }, 422],
    ['that skips statuses', { status: 'succeeded' }, 422],
  ])('the answer to a callback %s is as the document describes', async (_, body, status) => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    expect(await rest.send(signedCallback(id, body))).toMatchObject({ status })
  })

  it('the answer to a callback at the older address is as the document describes', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const sent = signedCallback(id, { status: 'smoke_gate_started' }, { path: 'callback' })
    expect(await rest.send(sent)).toMatchObject({ status: 200, body: { applied: true, status: 'smoke_gate_started' } })
  })

  it('the answers to a callback that is unsigned, too large or for no deploy are as the document describes', async () => {
    const id = console_.deps.newId()
    expect(await rest.send(signedCallback(id, { status: 'building' }))).toMatchObject({ status: 404 })
    expect(await rest.send(signedCallback('1', { status: 'building' }))).toMatchObject({ status: 400 })
    expect(await rest.send(signedCallback(id, 'x'.repeat(65_537), { path: 'callback' }))).toMatchObject({ status: 413 })
    expect(await rest.call('POST', `/api/internal/deploys/${id}/status`, { body: {} })).toMatchObject({ status: 401 })
  })
})
