import 'server-only'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { getDeps } from '~/server/deps'
import { answerConditionally } from '~/server/platform/http/etag'
import { limitBody } from '~/server/platform/http/read-body'
import { refuseRequest } from '~/server/platform/http/refuse-request'
import { appRouter } from '~/server/trpc/routers/_app'
import { createContext, logUnexpected } from '~/server/trpc/routers/procedures'

/** The names of the procedures, such as `deploys.get`. */
export const trpcProcedures: ReadonlySet<string> = new Set(Object.keys(appRouter._def.procedures))

/** Answers the screen's calls: `/api/trpc/{procedure}`. */
export async function answerTrpc(request: Request): Promise<Response> {
  const deps = getDeps()
  const refused = refuseRequest(deps, request)
  if (refused !== null) return refused
  const bounded = await limitBody(request)
  if (bounded instanceof Response) return bounded
  const answer = await fetchRequestHandler({
    endpoint: '/api/trpc',
    req: bounded,
    router: appRouter,
    createContext,
    onError: ({ error, path }) => logUnexpected(deps.logger, error, path),
    // `no-store`, because a browser would keep an answer with an entity tag on its disk, beyond the session.
    responseMeta: ({ ctx }) => ({
      headers: { 'cache-control': 'no-store', ...(ctx?.call.etag == null ? {} : { etag: ctx.call.etag }) },
    }),
    allowBatching: false,
  })
  return answerConditionally(request, answer)
}
