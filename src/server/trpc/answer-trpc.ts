import 'server-only'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { getDeps } from '~/server/deps'
import { boundRequest } from '~/server/http/bound-request'
import { refuseRequest } from '~/server/http/refuse-request'
import { createContext } from '~/server/trpc/context'
import { appRouter } from '~/server/trpc/routers/_app'
import { logUnexpected } from '~/server/trpc/to-trpc-error'

/** A call of the screen's: `/api/trpc/{procedure}`. */
export async function answerTrpc(request: Request): Promise<Response> {
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
