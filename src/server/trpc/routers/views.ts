import 'server-only'
import { z } from 'zod'
import { saveViewInput } from '~/domain/deploy/deploy-list'
import { id } from '~/domain/input'
import { listViews, removeView, saveView } from '~/server/account/saved-views'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

/** The filters of the list of deploys that a person named. */
export const viewsRouter = router({
  list: procedureFor('account.manage').query(({ ctx }) => listViews(ctx.deps, ctx.actor)),

  save: procedureFor('account.manage')
    .input(saveViewInput)
    .mutation(({ ctx, input }) => saveView(ctx.deps, ctx.actor, input)),

  remove: procedureFor('account.manage')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => removeView(ctx.deps, ctx.actor, input.id)),
})
