import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { handlersOf, listRoutes } from '~test/support/route-modules'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  Object.assign(globalThis, { deployConsoleDeps: console_.deps })
})
afterAll(() => console_.close())

/** Routes that take a signature in place of a session or token. Another site cannot make one. */
const SIGNED = ['/api/github/webhooks', '/api/internal/deploys/{id}/status', '/api/internal/deploys/{id}/callback']
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

describe.each(foreign)('a change requested by %s', (_, headers) => {
  it("every route refuses a change that comes from outside the console's own pages", async () => {
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

it("every route accepts the origin of the console's own script and of a client that is not a browser", async () => {
  for (const handler of await changingHandlers()) {
    const inBrowser = { ...own, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }
    expect(await statusOf(handler, inBrowser)).not.toBe(403)
    expect(await statusOf(handler, { host: own.host, 'content-type': 'application/json' })).not.toBe(403)
  }
})

describe('a sign-in at another address than CONSOLE_URL', () => {
  const signIn = async (headers: Record<string, string>, times = 1) => {
    const logged: string[] = []
    const logger = pino({}, { write: (line: string) => void logged.push(line) })
    Object.assign(globalThis, { deployConsoleDeps: { ...console_.deps, logger } })
    const { POST } = await import('~/app/api/auth/[...all]/route')
    const ask = () =>
      POST(
        new Request('http://localhost:3000/api/auth/sign-in/email', {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ email: 'ada@example.com', password: 'a password' }),
        }),
      )
    const answers = await Promise.all(Array.from({ length: times }, ask))
    return { body: await answers[0]?.json(), logged: logged.map((line) => JSON.parse(line)) }
  }

  it.each([
    [
      'another Host',
      { host: 'console.internal:3000', origin: 'https://console.example' },
      'http://localhost:3000',
      'console.internal:3000',
    ],
    [
      'another Origin',
      { host: 'localhost:3000', origin: 'https://console.example' },
      'localhost:3000',
      'https://console.example',
    ],
  ])('a sign-in with %s is refused with both addresses, which are logged once', async (_, headers, expected, seen) => {
    const { body, logged } = await signIn(headers, 3)
    expect(body).toMatchObject({ code: 'origin_refused', expected_origin: expected, seen_origin: seen })
    expect(body.detail).toContain(`it names ${seen}, and the console is at ${expected}.`)
    expect(logged).toMatchObject([{ level: 40, expected_origin: expected, seen_origin: seen }])
  })

  it('an invalid origin is neither shown nor logged', async () => {
    const { body, logged } = await signIn({ host: 'localhost:3000', origin: 'https://a b<script>' })
    expect(JSON.stringify([body, logged])).not.toContain('script')
  })
})
