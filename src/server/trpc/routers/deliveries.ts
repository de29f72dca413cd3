import 'server-only'
import { z } from 'zod'
import { addChannelInput } from '~/domain/delivery-input'
import { id } from '~/domain/input'
import {
  addChannel,
  listChannels,
  removeChannel,
  resendDelivery,
  setChannelEnabled,
  testChannel,
} from '~/server/deliveries/channels'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

const one = z.object({ id })

export const deliveriesRouter = router({
  list: procedureFor('delivery.manage').query(({ ctx }) => listChannels(ctx.deps)),

  addChannel: procedureFor('delivery.manage')
    .input(addChannelInput)
    .mutation(({ ctx, input }) => addChannel(ctx.deps, ctx.actor, input)),

  setEnabled: procedureFor('delivery.manage')
    .input(z.object({ id, enabled: z.boolean() }))
    .mutation(({ ctx, input }) => setChannelEnabled(ctx.deps, ctx.actor, input)),

  removeChannel: procedureFor('delivery.manage')
    .input(one)
    .mutation(({ ctx, input }) => removeChannel(ctx.deps, ctx.actor, input.id)),

  testChannel: procedureFor('delivery.manage')
    .input(one)
    .mutation(({ ctx, input }) => testChannel(ctx.deps, ctx.actor, input.id)),

  resend: procedureFor('delivery.manage')
    .input(one)
    .mutation(({ ctx, input }) => resendDelivery(ctx.deps, ctx.actor, input.id)),
})
