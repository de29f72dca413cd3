import 'server-only'
import { z } from 'zod'
import { openFreezeInput } from '~/domain/freeze'
import { liftFreeze } from '~/server/freezes/lift-freeze'
import { listFreezes } from '~/server/freezes/list-freezes'
import { openFreeze } from '~/server/freezes/open-freeze'
import { procedureFor, router } from '~/server/trpc/init'

const freezeId = z.uuid()

export const freezesRouter = router({
  list: procedureFor('freeze.read')
    // `cursor` is what an infinite query of the client calls it.
    .input(z.object({ cursor: freezeId.nullish() }))
    .query(({ ctx, input }) => listFreezes(ctx.deps, input.cursor ?? undefined)),

  open: procedureFor('freeze.manage')
    .input(openFreezeInput)
    .mutation(({ ctx, input }) => openFreeze(ctx.deps, ctx.actor, input)),

  lift: procedureFor('freeze.manage')
    .input(z.object({ id: freezeId }))
    .mutation(({ ctx, input }) => liftFreeze(ctx.deps, ctx.actor, input.id)),
})
