import 'server-only'
import { readRateLimit } from '~/server/health/read-rate-limit'
import { procedureFor, router } from '~/server/trpc/routers/procedures'
import { readWebhookState } from '~/server/webhooks/read-webhook-state'

/** The health of the console, its rate limit at GitHub, and the webhooks it receives. */
export const healthRouter = router({
  rateLimit: procedureFor('health.read').query(({ ctx }) => readRateLimit(ctx.deps)),
  webhooks: procedureFor('health.read').query(({ ctx }) => readWebhookState(ctx.deps)),
})
