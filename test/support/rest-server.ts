import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Deps } from '~/server/deps'
import { handlersOf, listRoutes } from '~test/support/route-modules'

interface RestServer {
  readonly address: string
  /** Requests whose answer is thrown away, by the connection's end, after the handler has done its work. */
  readonly losing: { answers: number }
  readonly close: () => Promise<void>
}

/** The route handlers below /api on a port of this machine, for programs that call the console by its address. */
export async function startRestServer(deps: Deps): Promise<RestServer> {
  Object.assign(globalThis, { deployConsoleDeps: deps })
  const routes = listRoutes('api').map((route) => ({
    ...route,
    pattern: new RegExp(`^${route.template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
  }))
  const losing = { answers: 0 }
  const server = createServer((request, response) => void answer(request, response))

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const { pathname, search } = new URL(request.url ?? '', 'http://localhost:3000')
    const route = routes.find(({ pattern }) => pattern.test(pathname))
    if (route === undefined) return void response.writeHead(404).end()
    const body = Buffer.concat(await request.toArray())
    const asked = new Request(`http://localhost:3000${pathname}${search}`, {
      method: request.method ?? 'GET',
      headers: { ...plainHeaders(request), host: 'localhost:3000' },
      ...(body.length === 0 ? {} : { body }),
    })
    const handler = (await handlersOf(route))[asked.method]
    const groups = Object.entries(route.pattern.exec(pathname)?.groups ?? {})
    const params = Object.fromEntries(groups.map(([name, value]) => [name, decodeURIComponent(value)]))
    const answered = await handler?.(asked, { params: Promise.resolve(params) })
    if (losing.answers > 0 && asked.method === 'POST') {
      losing.answers -= 1
      return void request.socket.destroy()
    }
    response.writeHead(answered?.status ?? 405, Object.fromEntries(answered?.headers ?? []))
    response.end(await answered?.text())
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${port}`,
    losing,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const plainHeaders = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
