import 'server-only'
import { z } from 'zod'
import { openFreezeInput } from '~/domain/freeze'
import { id } from '~/domain/input'
import { liftFreeze, openFreeze } from '~/server/freezes/change-freezes'
import { listFreezes } from '~/server/freezes/freeze-view'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

export const freezesRouter = router({
  list: procedureFor('freeze.read')
    // The client's infinite queries require the name `cursor`.
    .input(z.object({ cursor: id.nullish() }))
    .query(({ ctx, input }) => listFreezes(ctx.deps, input.cursor ?? undefined)),

  open: procedureFor('freeze.manage')
    .input(openFreezeInput)
    .mutation(({ ctx, input }) => openFreeze(ctx.deps, ctx.actor, input)),

  lift: procedureFor('freeze.manage')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => liftFreeze(ctx.deps, ctx.actor, input.id)),
})
