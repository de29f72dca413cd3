import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { handlersOf, listRoutes } from '~test/support/route-modules'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  Object.assign(globalThis, { deployConsoleDeps: console_.deps })
})
afterAll(() => console_.close())

/** No session, no token: a signature in its place, which no other site has. */
const SIGNED = ['/api/internal/deploys/{id}/status', '/api/internal/deploys/{id}/callback']
const CHANGING = ['POST', 'PUT', 'PATCH', 'DELETE']

const own = { host: 'localhost:3000', origin: 'http://localhost:3000', 'content-type': 'application/json' }
const foreign: readonly (readonly [string, Record<string, string>])[] = [
  ['another site’s script', { ...own, origin: 'https://evil.example' }],
  ['a sandboxed frame', { ...own, origin: 'null' }],
  ['another site, by Sec-Fetch-Site alone', { host: own.host, 'sec-fetch-site': 'cross-site' }],
  ['another port or subdomain', { ...own, 'sec-fetch-site': 'same-site' }],
  ['the address bar', { host: own.host, 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
  ['a form, even of the console’s own', { ...own, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' }],
  ['a name that resolves to this machine', { host: 'evil.example', origin: 'http://evil.example' }],
]

async function changingHandlers() {
  const routes = listRoutes('api').filter(({ template }) => !SIGNED.includes(template))
  const found = await Promise.all(
    routes.map(async (route) =>
      Object.entries(await handlersOf(route)).map(([method, handler]) => ({ ...route, method, handler })),
    ),
  )
  return found.flat().filter(({ method }) => CHANGING.includes(method))
}

async function statusOf(
  { template, method, handler }: Awaited<ReturnType<typeof changingHandlers>>[number],
  headers: Record<string, string>,
) {
  const address = template.replace('{id}', console_.deps.newId()).replace('{trpc}', 'surfaces.lock')
  const request = new Request(`http://localhost:3000${address}`, { method, headers, body: '{}' })
  const params = Promise.resolve({ id: console_.deps.newId(), trpc: 'surfaces.lock' })
  return (await handler(request, { params })).status
}

describe.each(foreign)('a change asked for by %s', (_, headers) => {
  it('is refused by every route that takes any', async () => {
    const handlers = await changingHandlers()
    expect(handlers.length).toBeGreaterThan(20)
    const refusing: string[] = []
    for (const handler of handlers) {
      const status = await statusOf(handler, headers)
      // 405: the route takes no such method from anybody.
      expect([403, 405], `${handler.method} ${handler.template}`).toContain(status)
      if (status === 403) refusing.push(`${handler.method} ${handler.template}`)
    }
    expect(refusing).toEqual(
      expect.arrayContaining([
        'POST /api/trpc/{trpc}',
        'POST /api/internal/deploys',
        'POST /api/internal/deploys/{id}/cancel',
      ]),
    )
  })
})

it('a change asked for by the console’s own script, or by no browser, is not refused for where it came from', async () => {
  for (const handler of await changingHandlers()) {
    const inBrowser = { ...own, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }
    expect(await statusOf(handler, inBrowser)).not.toBe(403)
    expect(await statusOf(handler, { host: own.host, 'content-type': 'application/json' })).not.toBe(403)
  }
})
