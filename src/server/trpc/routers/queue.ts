import 'server-only'
import { z } from 'zod'
import { id, surfaceId } from '~/domain/input'
import { continueQueue } from '~/server/queue/continue-queue'
import { withdrawQueued } from '~/server/queue/leave-queue'
import { dismissEnded, listOwnRequests } from '~/server/queue/own-requests'
import { getQueued } from '~/server/queue/queued-view'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

const queuedId = z.object({ id })

/** The deploy is named, so that nobody continues after another failure than the one that was shown. */
const continueInput = z.object({ surfaceId, deployId: id })

export const queueRouter = router({
  get: procedureFor('deploy.read')
    .input(queuedId)
    .query(({ ctx, input }) => getQueued(ctx.deps, ctx.actor, input.id)),

  mine: procedureFor('deploy.read')
    .input(z.object({ surfaceId }))
    .query(({ ctx, input }) => listOwnRequests(ctx.deps, ctx.actor, input.surfaceId)),

  dismiss: procedureFor('deploy.read')
    .input(queuedId)
    .mutation(({ ctx, input }) => dismissEnded(ctx.deps, ctx.actor, input.id)),

  withdraw: procedureFor('deploy.dispatch')
    .input(queuedId)
    .mutation(({ ctx, input }) => withdrawQueued(ctx.deps, ctx.actor, input.id)),

  continue: procedureFor('deploy.dispatch')
    .input(continueInput)
    .mutation(({ ctx, input }) => continueQueue(ctx.deps, ctx.actor, input)),
})
