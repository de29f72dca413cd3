import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { getDeps } from '~/server/deps'
import { refuseForeignOrigin } from '~/server/http/refuse-foreign-origin'
import { createContext } from '~/server/trpc/context'
import { appRouter } from '~/server/trpc/routers/_app'

export const dynamic = 'force-dynamic'

const handler = (request: Request) =>
  refuseForeignOrigin(request, getDeps().config.consoleUrl) ??
  fetchRequestHandler({ endpoint: '/api/trpc', req: request, router: appRouter, createContext })

export { handler as GET, handler as POST }
