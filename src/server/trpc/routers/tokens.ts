import 'server-only'
import { z } from 'zod'
import { createTokenInput } from '~/domain/api-token'
import { createToken } from '~/server/tokens/create-token'
import { listTokens, tokenChoices } from '~/server/tokens/list-tokens'
import { revokeToken } from '~/server/tokens/revoke-token'
import { procedureFor, router } from '~/server/trpc/init'

const tokenId = z.uuid()

export const tokensRouter = router({
  list: procedureFor('token.manage')
    .input(z.object({ cursor: tokenId.nullish(), limit: z.int().min(1).max(200).default(50) }))
    .query(({ ctx, input }) => listTokens(ctx.deps, ctx.actor, { ...input, cursor: input.cursor ?? null })),

  choices: procedureFor('token.manage').query(({ ctx }) => tokenChoices(ctx.deps, ctx.actor)),

  create: procedureFor('token.manage')
    .input(createTokenInput)
    .mutation(({ ctx, input }) => createToken(ctx.deps, ctx.actor, input)),

  revoke: procedureFor('token.manage')
    .input(z.object({ id: tokenId }))
    .mutation(({ ctx, input }) => revokeToken(ctx.deps, ctx.actor, input.id)),
})
