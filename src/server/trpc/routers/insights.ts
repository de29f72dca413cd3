import 'server-only'
import { z } from 'zod'
import { surfaceId } from '~/domain/input'
import { PERIODS } from '~/domain/insights'
import { readInsights } from '~/server/insights/read-insights'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

export const insightsRouter = router({
  read: procedureFor('deploy.read')
    .input(z.object({ days: z.literal(PERIODS), surface: surfaceId.optional(), service: surfaceId.optional() }))
    .query(({ ctx, input }) => readInsights(ctx.deps, input)),
})
