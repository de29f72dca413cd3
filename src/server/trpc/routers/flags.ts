import 'server-only'
import { flagChange } from '~/domain/flags'
import { changeFlag } from '~/server/flags/change-flag'
import { listFlags } from '~/server/flags/list-flags'
import { procedureFor, router } from '~/server/trpc/procedures/init'

export const flagsRouter = router({
  list: procedureFor('flag.read').query(({ ctx }) => listFlags(ctx.deps)),

  promote: procedureFor('flag.change')
    .input(flagChange)
    .mutation(({ ctx, input }) => changeFlag(ctx.deps, ctx.actor, 'promote', input)),

  demote: procedureFor('flag.change')
    .input(flagChange)
    .mutation(({ ctx, input }) => changeFlag(ctx.deps, ctx.actor, 'demote', input)),
})
