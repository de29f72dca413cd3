import 'server-only'
import { z } from 'zod'
import { may } from '~/domain/actor'
import { dispatchInput } from '~/domain/deploy/request'
import { lockInput } from '~/domain/freeze/freeze'
import { id, storableText, surfaceId } from '~/domain/input'
import { type Grid, withoutTimes } from '~/domain/surface/tile'
import { lockSurface, unlockSurface } from '~/server/freezes/change-freezes'
import { readWorkerState } from '~/server/health/heartbeats.sql'
import { etagOf } from '~/server/platform/http/etag'
import { listEndedRequests } from '~/server/queue/own-requests'
import { checkSurface } from '~/server/surfaces/check/check-surface'
import { listRefs, requireGitHubRead } from '~/server/surfaces/review/list-refs'
import { readRunningChecks } from '~/server/surfaces/review/read-github-facts'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { procedureFor, router } from '~/server/trpc/routers/procedures'
import { listSilentRepositories } from '~/server/webhooks/read-webhook-state'

/** For procedures that make requests to GitHub. */
const githubRead = procedureFor('surface.read').use(({ ctx, next }) => {
  requireGitHubRead(ctx.deps, ctx.actor)
  return next()
})

/** The grid is sent again after this time even if only the times of looks changed, so that those stay current. */
const LOOK_TIMES_MS = 30_000

export const surfacesRouter = router({
  list: procedureFor('surface.read').query(async ({ ctx }): Promise<Grid> => {
    const [surfaces, worker, silent, ended] = await Promise.all([
      listTiles(ctx.deps),
      readWorkerState(ctx.deps.db),
      may(ctx.actor, 'health.read') ? listSilentRepositories(ctx.deps) : [],
      listEndedRequests(ctx.deps, ctx.actor),
    ])
    const period = Math.floor(ctx.deps.now().getTime() / LOOK_TIMES_MS)
    ctx.call.etag = etagOf([surfaces.map(withoutTimes), worker, silent, ended, period])
    return { surfaces, worker, silent, ended, now: ctx.deps.now().toISOString() }
  }),

  refs: githubRead
    .input(z.object({ surfaceId, query: storableText.max(255).optional() }))
    .query(({ ctx, input }) => listRefs(ctx.deps, input)),

  review: githubRead
    .input(dispatchInput.pick({ surfaceId: true, ref: true, source: true }).extend({ approvalId: id.optional() }))
    .query(({ ctx, input }) => reviewDeploy(ctx.deps, input, ctx.actor)),

  checks: githubRead
    .input(z.object({ surfaceId }))
    .query(({ ctx, input }) => readRunningChecks(ctx.deps, input.surfaceId)),

  check: githubRead.input(z.object({ surfaceId })).query(({ ctx, input }) => checkSurface(ctx.deps, input.surfaceId)),

  lock: procedureFor('freeze.manage')
    .input(lockInput)
    .mutation(({ ctx, input }) => lockSurface(ctx.deps, ctx.actor, input)),

  /** The person who set the lock may unlock. Anybody else needs `freeze.manage`. */
  unlock: procedureFor('deploy.dispatch')
    .input(lockInput.pick({ surfaceId: true, kind: true }))
    .mutation(({ ctx, input }) => unlockSurface(ctx.deps, ctx.actor, input.surfaceId, input.kind)),
})
