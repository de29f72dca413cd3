import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ROLES, type Role } from '~/domain/permissions'
import { appRouter } from '~/server/trpc/routers/_app'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { handlersOf, listRoutes } from '~test/support/route-modules'
import { signedInAs } from '~test/support/sessions'

// Every procedure and every route handler, called as every role and signed out. A new one fails here until it is on a list
// below: somebody has to decide who may call it.

/** Paths that answer without a session, and why that is right. */
const PUBLIC: Readonly<
  Record<string, 'says nothing' | 'signed' | 'signed address' | 'signing in' | 'walked by procedure'>
> = {
  '/api/health': 'says nothing',
  '/api/health/ready': 'says nothing',
  '/api/command-line': 'says nothing',
  '/api/device/code': 'signing in',
  '/api/device/token': 'signing in',
  '/api/github/webhooks': 'signed',
  '/api/internal/deploys/{id}/status': 'signed',
  '/api/internal/deploys/{id}/callback': 'signed',
  '/api/internal/freezes': 'signed',
  '/api/[[...path]]': 'says nothing',
  '/api/auth/[...all]': 'signing in',
  '/api/trpc/{trpc}': 'walked by procedure',
  '/badge/{file}': 'signed address',
  '/feed/{of}': 'signed address',
}

/**
 * The least role that may call each. Written out, not read from the permission table or from the procedures, so that a wrong
 * permission and a changed table both fail here.
 */
const LEAST_ROLE: Readonly<Record<string, Role>> = {
  'account.endOtherSessions': 'viewer',
  'account.endSession': 'viewer',
  'account.get': 'viewer',
  'account.noteActivity': 'viewer',
  'account.proofMethods': 'viewer',
  'account.removePasskey': 'viewer',
  'account.rename': 'viewer',
  'account.renamePasskey': 'viewer',
  'approvals.decidable': 'viewer',
  'approvals.get': 'viewer',
  'approvals.grant': 'approver',
  'approvals.list': 'viewer',
  'approvals.refuse': 'approver',
  'approvals.withdraw': 'deployer',
  'audit.facets': 'viewer',
  'audit.list': 'viewer',
  'audit.sealState': 'viewer',
  'deliveries.addChannel': 'admin',
  'deliveries.list': 'admin',
  'deliveries.removeChannel': 'admin',
  'deliveries.resend': 'admin',
  'deliveries.setEnabled': 'admin',
  'deliveries.testChannel': 'admin',
  'deploys.cancel': 'deployer',
  'deploys.stopWatch': 'deployer',
  'deploys.dispatch': 'deployer',
  'deploys.facets': 'viewer',
  'deploys.find': 'viewer',
  'deploys.get': 'viewer',
  'deploys.list': 'viewer',
  'deploys.log': 'viewer',
  'deploys.release': 'deployer',
  'deploys.reviewEnvironment': 'approver',
  'deploys.search': 'viewer',
  'deploys.searchLog': 'viewer',
  'deploys.usualTimes': 'viewer',
  'device.approve': 'deployer',
  'device.deny': 'deployer',
  'device.find': 'deployer',
  'embeds.create': 'admin',
  'embeds.list': 'admin',
  'embeds.revoke': 'admin',
  'flags.demote': 'admin',
  'flags.list': 'viewer',
  'flags.promote': 'admin',
  'freezes.calendar': 'viewer',
  'freezes.change': 'approver',
  'freezes.lift': 'approver',
  'freezes.list': 'viewer',
  'freezes.netState': 'viewer',
  'freezes.open': 'approver',
  'health.rateLimit': 'admin',
  'health.webhooks': 'admin',
  'insights.read': 'viewer',
  'live.watch': 'viewer',
  'members.change': 'admin',
  'members.invitations': 'admin',
  'members.invite': 'admin',
  'members.list': 'admin',
  'members.passwordLink': 'admin',
  'members.restore': 'admin',
  'members.suspend': 'admin',
  'members.takeBackInvitation': 'admin',
  'queue.continue': 'deployer',
  'queue.dismiss': 'viewer',
  'queue.get': 'viewer',
  'queue.mine': 'viewer',
  'queue.withdraw': 'deployer',
  'settings.read': 'admin',
  'surfaces.list': 'viewer',
  'surfaces.lock': 'approver',
  'surfaces.refs': 'viewer',
  'surfaces.check': 'viewer',
  'surfaces.checks': 'viewer',
  'surfaces.review': 'viewer',
  'surfaces.unlock': 'deployer',
  'tokens.choices': 'deployer',
  'tokens.create': 'deployer',
  'tokens.list': 'deployer',
  'tokens.revoke': 'deployer',
  'views.list': 'viewer',
  'views.remove': 'viewer',
  'views.save': 'viewer',
  'GET /api/audit/export': 'viewer',
  'DELETE /api/internal/surfaces/{id}/lock': 'approver',
  'GET /api/internal/approvals': 'viewer',
  'GET /api/deploys/export': 'viewer',
  'GET /api/internal/approvals/{id}': 'viewer',
  'GET /api/internal/deploys/{id}': 'viewer',
  'GET /api/internal/deploys/{id}/evidence': 'viewer',
  'GET /api/internal/deploys/{id}/log': 'viewer',
  'GET /api/internal/freeze-windows': 'viewer',
  'GET /api/internal/me': 'viewer',
  'GET /api/internal/queue': 'viewer',
  'GET /api/internal/queue/{id}': 'viewer',
  'GET /api/internal/surfaces': 'viewer',
  'GET /api/internal/surfaces/{id}': 'viewer',
  'GET /api/internal/surfaces/{id}/net-state': 'viewer',
  'GET /api/internal/surfaces/{id}/review': 'viewer',
  'PATCH /api/internal/freeze-windows/{id}': 'approver',
  'GET /api/internal/deploys/{id}/log/text': 'viewer',
  'GET /api/openapi.json': 'viewer',
  'POST /api/internal/approvals/{id}/approve': 'approver',
  'POST /api/internal/approvals/{id}/refuse': 'approver',
  'POST /api/internal/approvals/{id}/withdraw': 'deployer',
  'POST /api/internal/deploys': 'deployer',
  'POST /api/internal/deploys/{id}/cancel': 'deployer',
  'POST /api/internal/deploys/{id}/stop-watching': 'deployer',
  'POST /api/internal/deploys/{id}/release': 'deployer',
  'POST /api/internal/freeze-windows': 'approver',
  'POST /api/internal/freeze-windows/{id}/lift': 'approver',
  'POST /api/internal/me/sign-out': 'viewer',
  'POST /api/internal/queue/{id}/withdraw': 'deployer',
  'POST /api/internal/surfaces/{id}/queue/continue': 'deployer',
  'POST /api/internal/surfaces/{id}/lock': 'approver',
}

const VISITORS = [...ROLES, 'nobody'] as const
type Visitor = (typeof VISITORS)[number]

const procedure = z.object({
  type: z.enum(['query', 'mutation', 'subscription']),
})

let console_: TestConsole
const cookies = new Map<Visitor, string>()
beforeAll(async () => {
  console_ = await createTestConsole()
  Object.assign(globalThis, { deployConsoleDeps: console_.deps })
  for (const role of ROLES) cookies.set(role, await signedInAs(console_.deps, { email: `${role}@example.com`, role }))
})
afterAll(() => console_.close())

function call(path: string, method: string, visitor: Visitor): Request {
  const cookie = cookies.get(visitor)
  return new Request(`http://localhost:3000${path}`, {
    method,
    headers: {
      host: 'localhost:3000',
      'content-type': 'application/json',
      ...(cookie === undefined ? {} : { cookie }),
    },
    // Matches no input on purpose: a caller without the permission is refused before the body is read.
    ...(method === 'GET' ? {} : { body: JSON.stringify({}) }),
  })
}

/** 401 when signed out, 403 without the permission; any other status means that the caller was let in. */
function expected(visitor: Visitor, name: string): 401 | 403 | 'let in' {
  const least = LEAST_ROLE[name]
  if (least === undefined) throw new Error(`${name} is on no list: decide who may call it`)
  if (visitor === 'nobody') return 401
  return ROLES.indexOf(visitor) >= ROLES.indexOf(least) ? 'let in' : 403
}

const outcome = (status: number): 401 | 403 | 'let in' => (status === 401 || status === 403 ? status : 'let in')

describe('the procedures', () => {
  const procedures = Object.entries(appRouter._def.procedures).map(([path, made]) => ({
    path,
    type: procedure.parse(Object(made)._def).type,
  }))

  it('every procedure has a least role in this test', () => {
    const listed = Object.keys(LEAST_ROLE).filter((name) => !name.includes('/'))
    expect(listed.toSorted()).toEqual(procedures.map(({ path }) => path).toSorted())
  })

  it.each(procedures)('$path lets in exactly the roles from its least role up', async ({ path, type }) => {
    const { GET, POST } = await import('~/app/api/trpc/[trpc]/route')
    const [method, handler] = type === 'mutation' ? (['POST', POST] as const) : (['GET', GET] as const)
    for (const visitor of VISITORS) {
      const query = type !== 'mutation' ? `?input=${encodeURIComponent(JSON.stringify({}))}` : ''
      const answer = await handler(call(`/api/trpc/${path}${query}`, method, visitor))
      // A stream begins with 200 whatever happens; a refusal is its only event.
      const refusal = type === 'subscription' ? /"httpStatus":(\d+)/.exec(await answer.text())?.[1] : undefined
      const status = Number(refusal ?? answer.status)
      expect(`${visitor}: ${outcome(status)}`).toBe(`${visitor}: ${expected(visitor, path)}`)
    }
  })
})

describe('the route handlers', () => {
  const routes = listRoutes('')
  const guarded = routes.filter(({ template }) => PUBLIC[template] === undefined)

  it('every public path in this test exists', () => {
    const templates = routes.map(({ template }) => template)
    expect(Object.keys(PUBLIC).filter((template) => !templates.includes(template))).toEqual([])
  })

  it.each(guarded)(
    '$template lets in exactly the roles from its least role up, for each of its methods',
    async (route) => {
      const context = { params: Promise.resolve({ id: console_.deps.newId() }) }
      const taken: string[] = []
      for (const [method, handler] of Object.entries(await handlersOf(route))) {
        const path = route.template.replaceAll(/\{\w+\}/g, '0199aaaa-0000-7000-8000-000000000000')
        if (!('permission' in handler)) {
          const { status } = await handler(call(path, method, 'nobody'), context)
          // Answers only which methods exist.
          expect(`${method}: ${status}`).toBe(`${method}: ${method === 'OPTIONS' ? 204 : 405}`)
          continue
        }
        const name = `${method} ${route.template}`
        taken.push(name)
        for (const visitor of VISITORS) {
          const { status } = await handler(call(path, method, visitor), context)
          expect(`${visitor}: ${outcome(status)}`).toBe(`${visitor}: ${expected(visitor, name)}`)
        }
      }
      const listed = Object.keys(LEAST_ROLE).filter((name) => name.endsWith(` ${route.template}`))
      expect(taken.toSorted()).toEqual(listed.toSorted())
      expect(taken).not.toEqual([])
    },
  )

  it.each(routes.filter(({ template }) => PUBLIC[template] === 'signed'))(
    '$template does not accept a session in place of a signature',
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
