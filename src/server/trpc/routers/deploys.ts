import 'server-only'
import { z } from 'zod'
import { dispatchInput, LOG_TAIL_LENGTH } from '~/domain/deploy'
import { readLogLines } from '~/server/db/log-lines'
import { dispatchDeploy } from '~/server/deploys/dispatch-deploy'
import { getDeploy } from '~/server/deploys/get-deploy'
import { listHistory } from '~/server/deploys/list-history'
import { operatorProcedure, router } from '~/server/trpc/init'

const deployId = z.uuid()

export const deploysRouter = router({
  dispatch: operatorProcedure
    .input(dispatchInput)
    .mutation(({ ctx, input }) => dispatchDeploy(ctx.deps, ctx.actor, input)),

  get: operatorProcedure.input(z.object({ id: deployId })).query(({ ctx, input }) => getDeploy(ctx.deps, input.id)),

  history: operatorProcedure
    .input(z.object({ surfaceId: dispatchInput.shape.surfaceId, before: deployId.optional() }))
    .query(({ ctx, input }) => listHistory(ctx.deps, input)),

  log: operatorProcedure
    .input(z.object({ id: deployId, before: z.int().positive() }))
    .query(({ ctx, input }) =>
      readLogLines(ctx.deps.db, { deployId: input.id, before: input.before, limit: LOG_TAIL_LENGTH }),
    ),
})
