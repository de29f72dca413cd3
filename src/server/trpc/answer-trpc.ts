import 'server-only'
import { TRPCError } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { getDeps } from '~/server/deps'
import { boundRequest } from '~/server/http/bound-request'
import { versionHeader } from '~/server/http/not-modified'
import { refuseRequest } from '~/server/http/refuse-request'
import { type Context, createContext } from '~/server/trpc/context'
import { appRouter } from '~/server/trpc/routers/_app'
import { logUnexpected, toTrpcError } from '~/server/trpc/to-trpc-error'

/** The whole answer to a call that needs no procedure; null for one that does. */
type Shortcut = (context: Context, request: Request) => Promise<Response | null>

/** A call of the screen's: `/api/trpc/{procedure}`. */
export async function answerTrpc(request: Request, shortcut?: Shortcut): Promise<Response> {
  const deps = getDeps()
  const refused = refuseRequest(deps, request)
  if (refused !== null) return refused
  const bounded = await boundRequest(request)
  if (bounded instanceof Response) return bounded
  const taken = shortcut === undefined ? () => createContext({ req: bounded }) : await take(shortcut, bounded)
  if (taken instanceof Response) return taken
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: bounded,
    router: appRouter,
    createContext: taken,
    onError: ({ error, path }) => logUnexpected(deps.logger, error, path),
    // Not stored: an answer with a version is one that a browser would keep on its disk, beyond the session.
    responseMeta: ({ ctx }) => ({
      headers: { 'cache-control': 'no-store', ...versionHeader(ctx?.call.version ?? null) },
    }),
    allowBatching: false,
  })
}

/** The shortcut's answer; or the context it was given, or what was thrown, for tRPC to go on with. */
async function take(shortcut: Shortcut, req: Request): Promise<Response | (() => Promise<Context>)> {
  try {
    const context = await createContext({ req })
    return (await shortcut(context, req)) ?? (async () => context)
  } catch (thrown) {
    const { pathname } = new URL(req.url)
    const error = thrown instanceof TRPCError ? thrown : toTrpcError(getDeps().logger, thrown, { path: pathname })
    return () => Promise.reject(error)
  }
}
