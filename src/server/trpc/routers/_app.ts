import 'server-only'
import { createCallerFactory, router } from '~/server/trpc/init'
import { deploysRouter } from '~/server/trpc/routers/deploys'
import { freezesRouter } from '~/server/trpc/routers/freezes'
import { surfacesRouter } from '~/server/trpc/routers/surfaces'

export const appRouter = router({ deploys: deploysRouter, freezes: freezesRouter, surfaces: surfacesRouter })

export type AppRouter = typeof appRouter

/** Calls procedures without HTTP. */
export const createCaller = createCallerFactory(appRouter)
