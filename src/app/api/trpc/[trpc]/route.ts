import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { getDeps } from '~/server/deps'
import { boundRequest } from '~/server/http/bound-request'
import { refuseRequest } from '~/server/http/refuse-request'
import { refuseMethods } from '~/server/rest/rest-route'
import { createContext } from '~/server/trpc/context'
import { appRouter } from '~/server/trpc/routers/_app'
import { logUnexpected } from '~/server/trpc/to-trpc-error'

export const dynamic = 'force-dynamic'

export const { PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET', 'POST')

async function handler(request: Request): Promise<Response> {
  const refused = refuseRequest(getDeps(), request)
  if (refused !== null) return refused
  const bounded = await boundRequest(request)
  if (bounded instanceof Response) return bounded
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: bounded,
    router: appRouter,
    createContext,
    onError: ({ error, path }) => logUnexpected(getDeps().logger, error, path),
    allowBatching: false,
  })
}

export { handler as GET, handler as POST }
