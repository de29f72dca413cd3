import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { handlersOf, listRoutes } from '~test/support/route-modules'
import { signedInAs } from '~test/support/sessions'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  Object.assign(globalThis, { deployConsoleDeps: console_.deps })
  // The body of a caller without permission is never read, so only a member meets the limits.
  headers.set('cookie', await signedInAs(console_.deps))
})
afterAll(() => console_.close())

const CHUNK = 64 * 1024
/** Far beyond every limit: a handler that reads this much has no limit. */
const ENDLESS = 1024

/** A body without a declared length that counts how much of it is read. */
function streamedBody() {
  let chunks = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      chunks += 1
      if (chunks > ENDLESS) controller.close()
      else controller.enqueue(new Uint8Array(CHUNK).fill(120))
    },
  })
  return { body, chunksRead: () => chunks }
}

const headers = new Headers({
  host: 'localhost:3000',
  'content-type': 'application/json',
  'idempotency-key': crypto.randomUUID(),
})

async function callEveryRoute(init: (method: string) => RequestInit & { duplex?: 'half' }) {
  const answers: { readonly where: string; readonly status: number; readonly read: boolean }[] = []
  for (const route of listRoutes('api')) {
    for (const [method, handler] of Object.entries(await handlersOf(route))) {
      if (['GET', 'HEAD', 'OPTIONS'].includes(method)) continue
      const id = console_.deps.newId()
      const address = route.template.replace('{id}', id).replace('{trpc}', 'surfaces.lock')
      const request = new Request(`http://localhost:3000${address}`, { method, headers, ...init(method) })
      const { status } = await handler(request, { params: Promise.resolve({ id, trpc: 'surfaces.lock' }) })
      answers.push({ where: `${method} ${route.template}`, status, read: request.bodyUsed })
    }
  }
  return answers
}

/** Every route that reads a body. A new one is added here after somebody checked its limit. */
const READERS = [
  'PATCH /api/internal/freeze-windows/{id}',
  'POST /api/auth/[...all]',
  'POST /api/device/code',
  'POST /api/device/token',
  'POST /api/github/webhooks',
  'POST /api/internal/approvals/{id}/refuse',
  'POST /api/internal/deploys',
  'POST /api/internal/deploys/{id}/callback',
  'POST /api/internal/deploys/{id}/release',
  'POST /api/internal/deploys/{id}/status',
  'POST /api/internal/freeze-windows',
  'POST /api/internal/surfaces/{id}/lock',
  'POST /api/internal/surfaces/{id}/queue/continue',
  'POST /api/trpc/{trpc}',
]

it('every route that reads a body stops reading an endless one with 413', async () => {
  const bodies: ReturnType<typeof streamedBody>[] = []
  const answers = await callEveryRoute(() => {
    const streamed = streamedBody()
    bodies.push(streamed)
    return { body: streamed.body, duplex: 'half' }
  })
  const readers = answers.filter(({ read }) => read)
  expect(readers.map(({ where }) => where).toSorted()).toEqual(READERS)
  expect(new Set(readers.map(({ status }) => status))).toEqual(new Set([413]))
  // A few chunks beyond the largest limit (1 MiB), for what the stream itself buffers.
  expect(Math.max(...bodies.map(({ chunksRead }) => chunksRead()))).toBeLessThan(20)
})

it('every route that reads a body refuses one with a too large declared length before reading it', async () => {
  const tooLong = new Headers(headers)
  tooLong.set('content-length', String(1024 ** 3))
  const answers = await callEveryRoute(() => ({ body: 'x', headers: tooLong }))
  const refused = answers.filter(({ status }) => status === 413)
  expect(refused.map(({ where }) => where).toSorted()).toEqual(READERS)
  expect(refused.every(({ read }) => !read)).toBe(true)
})
