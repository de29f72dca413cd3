import 'server-only'
import { readSettings } from '~/server/settings/read-settings'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

export const settingsRouter = router({
  read: procedureFor('health.read').query(({ ctx }) => readSettings(ctx.deps)),
})
