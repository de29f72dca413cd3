import 'server-only'
import { flagChange } from '~/domain/flags'
import { changeFlag } from '~/server/flags/change-flag'
import { listFlags } from '~/server/flags/list-flags'
import { operatorProcedure, router } from '~/server/trpc/init'

export const flagsRouter = router({
  list: operatorProcedure.query(({ ctx }) => listFlags(ctx.deps)),

  promote: operatorProcedure
    .input(flagChange)
    .mutation(({ ctx, input }) => changeFlag(ctx.deps, ctx.actor, 'promote', input)),

  demote: operatorProcedure
    .input(flagChange)
    .mutation(({ ctx, input }) => changeFlag(ctx.deps, ctx.actor, 'demote', input)),
})
