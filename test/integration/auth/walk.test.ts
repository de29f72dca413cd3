import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { may } from '~/domain/actor'
import { PERMISSIONS, type Permission, ROLES, type Role } from '~/domain/permissions'
import { appRouter } from '~/server/trpc/routers/_app'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { handlersOf, listRoutes } from '~test/support/route-modules'
import { signedInAs } from '~test/support/sessions'

// Every procedure and every route handler there is, called as everybody there is. One that names no permission and is not
// on the list below fails here: each has to be decided about.

/** Answer without a session, and why that is right. */
const PUBLIC: Readonly<Record<string, 'says nothing' | 'signed' | 'signing in' | 'walked by procedure'>> = {
  '/api/health': 'says nothing',
  '/api/health/ready': 'says nothing',
  '/api/internal/deploys/{id}/status': 'signed',
  '/api/internal/deploys/{id}/callback': 'signed',
  '/api/internal/freezes': 'signed',
  '/api/[[...path]]': 'says nothing',
  '/api/auth/[...all]': 'signing in',
  '/api/trpc/{trpc}': 'walked by procedure',
}

const VISITORS = [...ROLES, 'nobody'] as const
type Visitor = (typeof VISITORS)[number]

const procedure = z.object({
  type: z.enum(['query', 'mutation', 'subscription']),
  meta: z.object({ permission: z.unknown() }).optional(),
})

let console_: TestConsole
const cookies = new Map<Visitor, string>()
beforeAll(async () => {
  console_ = await createTestConsole()
  Object.assign(globalThis, { deployConsoleDeps: console_.deps })
  for (const role of ROLES) cookies.set(role, await signedInAs(console_.deps, { email: `${role}@example.com`, role }))
})
afterAll(() => console_.close())

const isPermission = (name: unknown): name is Permission => Object.keys(PERMISSIONS).some((known) => known === name)

function call(path: string, method: string, visitor: Visitor): Request {
  const cookie = cookies.get(visitor)
  return new Request(`http://localhost:3000${path}`, {
    method,
    headers: {
      host: 'localhost:3000',
      'content-type': 'application/json',
      ...(cookie === undefined ? {} : { cookie }),
    },
    // Fits no input on purpose: who may not is refused before it is read.
    ...(method === 'GET' ? {} : { body: JSON.stringify({ json: {} }) }),
  })
}

/** 401 for nobody, 403 for who may not; anything else is an answer to somebody who may. */
function expected(visitor: Visitor, permission: Permission): 401 | 403 | 'let in' {
  if (visitor === 'nobody') return 401
  const role: Role = visitor
  return may({ role, permissions: null }, permission) ? 'let in' : 403
}

const outcome = (status: number): 401 | 403 | 'let in' => (status === 401 || status === 403 ? status : 'let in')

describe('every procedure', () => {
  const procedures = Object.entries(appRouter._def.procedures).map(([path, made]) => {
    const { type, meta } = procedure.parse(Object(made)._def)
    return { path, type, permission: meta?.permission }
  })

  it.each(procedures)('$path names a permission of the table', ({ permission }) => {
    expect(permission).toSatisfy(isPermission)
  })

  it.each(procedures)('$path lets in who may, and nobody else', async ({ path, type, permission }) => {
    if (!isPermission(permission)) throw new Error(`${path} is in no table`)
    const { GET, POST } = await import('~/app/api/trpc/[trpc]/route')
    const [method, handler] = type === 'query' ? (['GET', GET] as const) : (['POST', POST] as const)
    for (const visitor of VISITORS) {
      const query = type === 'query' ? `?input=${encodeURIComponent(JSON.stringify({ json: {} }))}` : ''
      const { status } = await handler(call(`/api/trpc/${path}${query}`, method, visitor))
      expect(`${visitor}: ${outcome(status)}`).toBe(`${visitor}: ${expected(visitor, permission)}`)
    }
  })
})

describe('every route handler', () => {
  const routes = listRoutes('')
  const guarded = routes.filter(({ template }) => PUBLIC[template] === undefined)

  it('on the public list is there', () => {
    const templates = routes.map(({ template }) => template)
    expect(Object.keys(PUBLIC).filter((template) => !templates.includes(template))).toEqual([])
  })

  it.each(guarded)('$template names a permission for each method it takes, and lets in who may', async (route) => {
    const context = { params: Promise.resolve({ id: console_.deps.newId() }) }
    const taken: string[] = []
    for (const [method, handler] of Object.entries(await handlersOf(route))) {
      const path = route.template.replaceAll(/\{\w+\}/g, '0199aaaa-0000-7000-8000-000000000000')
      if (!('permission' in handler)) {
        const { status } = await handler(call(path, method, 'nobody'), context)
        // Says which methods it takes, and nothing else.
        expect(`${method}: ${status}`).toBe(`${method}: ${method === 'OPTIONS' ? 204 : 405}`)
        continue
      }
      const { permission } = handler
      if (!isPermission(permission)) throw new Error(`${method} ${route.template} is in no table`)
      taken.push(method)
      for (const visitor of VISITORS) {
        const { status } = await handler(call(path, method, visitor), context)
        expect(`${method} ${visitor}: ${outcome(status)}`).toBe(
          `${method} ${visitor}: ${expected(visitor, permission)}`,
        )
      }
    }
    expect(taken).not.toEqual([])
  })

  it.each(routes.filter(({ template }) => PUBLIC[template] === 'signed'))(
    '$template takes no session for a signature',
    async (route) => {
      const context = { params: Promise.resolve({ id: console_.deps.newId() }) }
      const handlers = await handlersOf(route)
      for (const [method, handler] of Object.entries(handlers)) {
        const path = route.template.replace('{id}', '0199aaaa-0000-7000-8000-000000000000')
        const { status } = await handler(call(path, method, 'admin'), context)
        expect([204, 401, 405]).toContain(status)
      }
    },
  )
})
