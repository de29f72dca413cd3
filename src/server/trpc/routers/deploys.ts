import 'server-only'
import { z } from 'zod'
import { deployFilter, findText } from '~/domain/deploy/deploy-list'
import { reviewEnvironmentInput } from '~/domain/deploy/environment-review'
import { dispatchInput, releaseInput } from '~/domain/deploy/request'
import { id, lineCursor, pageSize, storableText, surfaceId } from '~/domain/input'
import { reviewEnvironment } from '~/server/approvals/review-environment'
import { cancelDeploy } from '~/server/deploys/cancel/cancel-deploy'
import { releaseSurface } from '~/server/deploys/cancel/release-surface'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { findDeploys, listAllDeploys, listDeployFacets } from '~/server/deploys/read/list-all-deploys'
import { listDeploys } from '~/server/deploys/read/list-deploys'
import { getLogPage, searchLog } from '~/server/deploys/read/log-lines'
import { readUsualTimes } from '~/server/deploys/read/read-usual-times'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { stopWatch } from '~/server/deploys/watch/stop-watch'
import { etagOf } from '~/server/platform/http/etag'
import { procedureFor, router } from '~/server/trpc/routers/procedures'

export const deploysRouter = router({
  dispatch: procedureFor('deploy.dispatch')
    .input(dispatchInput)
    .mutation(({ ctx, input }) => requestDeploy(ctx.deps, ctx.actor, input)),

  cancel: procedureFor('deploy.cancel')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => cancelDeploy(ctx.deps, ctx.actor, input.id)),

  stopWatch: procedureFor('deploy.cancel')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => stopWatch(ctx.deps, ctx.actor, input.id)),

  reviewEnvironment: procedureFor('deploy.approve')
    .input(reviewEnvironmentInput)
    .mutation(({ ctx, input }) => reviewEnvironment(ctx.deps, ctx.actor, input)),

  release: procedureFor('deploy.dispatch')
    .input(releaseInput)
    .mutation(({ ctx, input }) => releaseSurface(ctx.deps, ctx.actor, input)),

  get: procedureFor('deploy.read')
    .input(z.object({ id }))
    .query(async ({ ctx, input }) => {
      const view = await getDeploy(ctx.deps, input.id)
      ctx.call.etag = etagOf(view)
      return view
    }),

  list: procedureFor('deploy.read')
    .input(
      z.object({
        surfaceId,
        cursor: id.nullish(),
        limit: pageSize,
      }),
    )
    .query(({ ctx, input }) => listDeploys(ctx.deps, { ...input, cursor: input.cursor ?? null })),

  search: procedureFor('deploy.read')
    .input(z.object({ filter: deployFilter.default({}), cursor: id.nullish(), limit: pageSize }))
    .query(({ ctx, input }) => listAllDeploys(ctx.deps, { ...input, cursor: input.cursor ?? null })),

  find: procedureFor('deploy.read')
    .input(z.object({ text: findText }))
    .query(({ ctx, input }) => findDeploys(ctx.deps, input.text)),

  facets: procedureFor('deploy.read').query(({ ctx }) => listDeployFacets(ctx.deps)),

  log: procedureFor('deploy.read')
    .input(z.object({ id, before: lineCursor }))
    .query(({ ctx, input }) => getLogPage(ctx.deps, input.id, input)),

  usualTimes: procedureFor('deploy.read')
    .input(z.object({ surfaceId }))
    .query(({ ctx, input }) => readUsualTimes(ctx.deps, input.surfaceId)),

  searchLog: procedureFor('deploy.read')
    .input(z.object({ id, text: storableText.min(1).max(200) }))
    .query(({ ctx, input }) => searchLog(ctx.deps, input)),
})
