import 'server-only'
import { z } from 'zod'
import { calendarInput, netStateInput } from '~/domain/freeze/calendar'
import { changeFreezeInput, openFreezeInput } from '~/domain/freeze/freeze'
import { id } from '~/domain/input'
import { changeFreeze, liftFreeze, openFreeze } from '~/server/freezes/change-freezes'
import { listFreezes } from '~/server/freezes/freeze-view'
import { readCalendar, readNetState } from '~/server/freezes/read-calendar'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

export const freezesRouter = router({
  list: procedureFor('freeze.read')
    // The client's infinite queries require the name `cursor`.
    .input(z.object({ cursor: id.nullish() }))
    .query(({ ctx, input }) => listFreezes(ctx.deps, input.cursor ?? undefined)),

  calendar: procedureFor('freeze.read')
    .input(calendarInput)
    .query(({ ctx, input }) => readCalendar(ctx.deps, input)),

  netState: procedureFor('freeze.read')
    .input(netStateInput)
    .query(({ ctx, input }) => readNetState(ctx.deps, ctx.actor, input)),

  open: procedureFor('freeze.manage')
    .input(openFreezeInput)
    .mutation(({ ctx, input }) => openFreeze(ctx.deps, ctx.actor, input)),

  change: procedureFor('freeze.manage')
    .input(changeFreezeInput)
    .mutation(({ ctx, input }) => changeFreeze(ctx.deps, ctx.actor, input)),

  lift: procedureFor('freeze.manage')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => liftFreeze(ctx.deps, ctx.actor, input.id)),
})
