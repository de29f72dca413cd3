import 'server-only'
import { procedureFor, router } from '~/server/trpc/init'
import { readWebhookState } from '~/server/webhooks/read-webhook-state'

/** How the console itself is, and what it has with GitHub. */
export const healthRouter = router({
  webhooks: procedureFor('health.read').query(({ ctx }) => readWebhookState(ctx.deps)),
})
