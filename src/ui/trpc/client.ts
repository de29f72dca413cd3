import { createTRPCReact } from '@trpc/react-query'
import type { AppRouter } from '~/server/trpc/routers/_app'

/** Typed hooks for every procedure. Only the router's type crosses into the browser. */
export const trpc = createTRPCReact<AppRouter>()

export type TrpcClient = ReturnType<typeof trpc.useUtils>['client']
