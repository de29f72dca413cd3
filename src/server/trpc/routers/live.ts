import 'server-only'
import { tracked } from '@trpc/server'
import { z } from 'zod'
import { AppError } from '~/domain/errors'
import { storableText } from '~/domain/input'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

export const liveRouter = router({
  /** The input names the page's person, because EventSource sends no headers. See `isPageOf`. */
  watch: procedureFor('surface.read')
    .input(z.object({ person: storableText.max(320), lastEventId: storableText.max(100).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      if (input.person !== ctx.actor.name) {
        throw new AppError('signed_out', `${input.person} is no longer signed in. Nothing was done. Sign in again.`)
      }
      for await (const { id, event } of ctx.deps.live.watch(ctx.actor, input.lastEventId ?? null, signal)) {
        yield tracked(id, event)
      }
    }),
})
