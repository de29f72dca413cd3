import 'server-only'
import { accountRouter } from '~/server/trpc/routers/account'
import { approvalsRouter } from '~/server/trpc/routers/approvals'
import { auditRouter } from '~/server/trpc/routers/audit'
import { deliveriesRouter } from '~/server/trpc/routers/deliveries'
import { deploysRouter } from '~/server/trpc/routers/deploys'
import { deviceRouter } from '~/server/trpc/routers/device'
import { embedsRouter } from '~/server/trpc/routers/embeds'
import { flagsRouter } from '~/server/trpc/routers/flags'
import { freezesRouter } from '~/server/trpc/routers/freezes'
import { healthRouter } from '~/server/trpc/routers/health'
import { insightsRouter } from '~/server/trpc/routers/insights'
import { liveRouter } from '~/server/trpc/routers/live'
import { membersRouter } from '~/server/trpc/routers/members'
import { createCallerFactory, router } from '~/server/trpc/routers/procedures'
import { queueRouter } from '~/server/trpc/routers/queue'
import { settingsRouter } from '~/server/trpc/routers/settings'
import { surfacesRouter } from '~/server/trpc/routers/surfaces'
import { tokensRouter } from '~/server/trpc/routers/tokens'
import { viewsRouter } from '~/server/trpc/routers/views'

export const appRouter = router({
  account: accountRouter,
  approvals: approvalsRouter,
  queue: queueRouter,
  audit: auditRouter,
  deliveries: deliveriesRouter,
  deploys: deploysRouter,
  device: deviceRouter,
  embeds: embedsRouter,
  flags: flagsRouter,
  freezes: freezesRouter,
  health: healthRouter,
  insights: insightsRouter,
  live: liveRouter,
  members: membersRouter,
  settings: settingsRouter,
  surfaces: surfacesRouter,
  tokens: tokensRouter,
  views: viewsRouter,
})

export type AppRouter = typeof appRouter

/** Calls procedures without HTTP. */
export const createCaller = createCallerFactory(appRouter)
