import { expect } from 'vitest'
import type { Deps } from '~/server/deps'
import { openApiDocument } from '~/server/openapi/document'
import { openApiChecker } from '~test/support/openapi-checker'
import { handlersOf, listRoutes } from '~test/support/route-modules'
import { signedInAs } from '~test/support/sessions'

export interface RestAnswer {
  readonly status: number
  readonly headers: Headers
  /** The body as it was sent. */
  readonly text: string
  readonly body: unknown
}

const asPattern = (template: string) => new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)

/**
 * Calls the route handlers that Next serves, with these dependencies. A request with neither signature nor token is sent as
 * a signed-in admin. Each answer must match the OpenAPI document.
 */
export function restClient(deps: Deps, signIn: () => Promise<string> = () => signedInAs(deps)) {
  let cookie: Promise<string> | undefined
  // `getDeps` reads the process's dependencies from here.
  Object.assign(globalThis, { deployConsoleDeps: deps })
  const check = openApiChecker(openApiDocument(deps.config.consoleUrl))
  const routes = listRoutes('api').map((route) => ({ ...route, pattern: asPattern(route.template) }))

  const send = async (request: Request): Promise<RestAnswer> => {
    if (!['webhook-signature', 'authorization'].some((name) => request.headers.has(name))) {
      cookie ??= signIn()
      request.headers.set('cookie', await cookie)
    }
    const { pathname } = new URL(request.url)
    const route = routes.find(({ pattern }) => pattern.test(pathname))
    if (route === undefined) throw new Error(`there is no route for ${pathname}`)
    const handler = (await handlersOf(route))[request.method]
    if (handler === undefined) throw new Error(`${pathname} has no handler for ${request.method}`)
    const params = { ...route.pattern.exec(pathname)?.groups }
    const response = await handler(request, { params: Promise.resolve(params) })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    const answer = { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : text }
    expect(check({ ...answer, method: request.method, template: route.template })).toEqual([])
    return answer
  }

  const call = (method: string, path: string, init: { headers?: Record<string, string>; body?: unknown } = {}) =>
    send(
      new Request(`http://localhost:3000${path}`, {
        method,
        headers: {
          host: 'localhost:3000',
          ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...init.headers,
        },
        ...(init.body === undefined
          ? {}
          : { body: typeof init.body === 'string' ? init.body : JSON.stringify(init.body) }),
      }),
    )

  return { send, call }
}
