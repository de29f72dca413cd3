import 'server-only'
import { z } from 'zod'
import { EMBED_KINDS } from '~/domain/embed'
import { id, surfaceId } from '~/domain/input'
import { createEmbed, listEmbeds, revokeEmbed } from '~/server/embeds/embeds'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

/** Without a surface: feeds of all surfaces. */
const ofSurface = z.object({ surfaceId: surfaceId.nullable() })
const created = ofSurface
  .extend({ kind: z.enum(EMBED_KINDS) })
  .refine(({ kind, surfaceId: of }) => kind === 'feed' || of !== null, 'a badge needs a surface')

export const embedsRouter = router({
  list: procedureFor('embed.manage')
    .input(ofSurface)
    .query(({ ctx, input }) => listEmbeds(ctx.deps, input.surfaceId)),

  create: procedureFor('embed.manage')
    .input(created)
    .mutation(({ ctx, input }) => createEmbed(ctx.deps, ctx.actor, input)),

  revoke: procedureFor('embed.manage')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => revokeEmbed(ctx.deps, ctx.actor, input.id)),
})
