import 'server-only'
import { z } from 'zod'
import { createTokenInput } from '~/domain/api-token-input'
import { id, pageSize } from '~/domain/input'
import { createToken, listTokens, revokeToken, tokenChoices } from '~/server/tokens/manage-tokens'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

export const tokensRouter = router({
  list: procedureFor('token.manage')
    .input(z.object({ cursor: id.nullish(), limit: pageSize }))
    .query(({ ctx, input }) => listTokens(ctx.deps, ctx.actor, { ...input, cursor: input.cursor ?? null })),

  choices: procedureFor('token.manage').query(({ ctx }) => tokenChoices(ctx.deps, ctx.actor)),

  create: procedureFor('token.manage')
    .input(createTokenInput)
    .mutation(({ ctx, input }) => createToken(ctx.deps, ctx.actor, input)),

  revoke: procedureFor('token.manage')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => revokeToken(ctx.deps, ctx.actor, input.id)),
})
