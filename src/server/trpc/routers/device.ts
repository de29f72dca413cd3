import 'server-only'
import { z } from 'zod'
import { approveDeviceInput, userCode } from '~/domain/device-sign-in'
import { approveDevice, denyDevice, findDevice } from '~/server/tokens/device-sign-in'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

const typedCode = z.object({ code: userCode })

/** Command lines that ask to act for the person. */
export const deviceRouter = router({
  find: procedureFor('token.manage')
    .input(typedCode)
    .query(({ ctx, input }) => findDevice(ctx.deps, ctx.actor, input.code)),

  approve: procedureFor('token.manage')
    .input(approveDeviceInput)
    .mutation(({ ctx, input }) => approveDevice(ctx.deps, ctx.actor, input)),

  deny: procedureFor('token.manage')
    .input(typedCode)
    .mutation(({ ctx, input }) => denyDevice(ctx.deps, ctx.actor, input.code)),
})
