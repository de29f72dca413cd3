import 'server-only'
import { flagChange } from '~/domain/flags'
import { changeFlag, listFlags } from '~/server/flags/rollout'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

export const flagsRouter = router({
  list: procedureFor('flag.read').query(({ ctx }) => listFlags(ctx.deps)),

  promote: procedureFor('flag.change')
    .input(flagChange)
    .mutation(({ ctx, input }) => changeFlag(ctx.deps, ctx.actor, 'promote', input)),

  demote: procedureFor('flag.change')
    .input(flagChange)
    .mutation(({ ctx, input }) => changeFlag(ctx.deps, ctx.actor, 'demote', input)),
})
