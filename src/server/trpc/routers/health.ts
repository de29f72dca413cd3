import 'server-only'
import { readBudget } from '~/server/health/read-budget'
import { procedureFor, router } from '~/server/trpc/procedures/init'
import { readWebhookState } from '~/server/webhooks/read-webhook-state'

/** The health of the console, its rate limit at GitHub, and the webhooks it receives. */
export const healthRouter = router({
  budget: procedureFor('health.read').query(({ ctx }) => readBudget(ctx.deps)),
  webhooks: procedureFor('health.read').query(({ ctx }) => readWebhookState(ctx.deps)),
})
