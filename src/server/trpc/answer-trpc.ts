import 'server-only'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { getDeps } from '~/server/deps'
import { boundRequest } from '~/server/platform/http/bound-request'
import { unlessKnown } from '~/server/platform/http/not-modified'
import { refuseRequest } from '~/server/platform/http/refuse-request'
import { createContext } from '~/server/trpc/procedures/context'
import { logUnexpected } from '~/server/trpc/procedures/to-trpc-error'
import { appRouter } from '~/server/trpc/routers/_app'

/** A call of the screen's: `/api/trpc/{procedure}`. */
export async function answerTrpc(request: Request): Promise<Response> {
  const deps = getDeps()
  const refused = refuseRequest(deps, request)
  if (refused !== null) return refused
  const bounded = await boundRequest(request)
  if (bounded instanceof Response) return bounded
  const answer = await fetchRequestHandler({
    endpoint: '/api/trpc',
    req: bounded,
    router: appRouter,
    createContext,
    onError: ({ error, path }) => logUnexpected(deps.logger, error, path),
    // Not stored: an answer with a version is one that a browser would keep on its disk, beyond the session.
    responseMeta: ({ ctx }) => ({
      headers: { 'cache-control': 'no-store', ...(ctx?.call.version == null ? {} : { etag: ctx.call.version }) },
    }),
    allowBatching: false,
  })
  return unlessKnown(request, answer)
}
