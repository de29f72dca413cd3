import 'server-only'
import { z } from 'zod'
import { may } from '~/domain/actor'
import { dispatchInput } from '~/domain/deploy/request'
import { lockInput } from '~/domain/freeze'
import { storableText, surfaceId } from '~/domain/input'
import { withoutTimes } from '~/domain/surface/tile'
import { unlockSurface } from '~/server/freezes/lift-freeze'
import { lockSurface } from '~/server/freezes/open-freeze'
import { versionOf } from '~/server/platform/http/not-modified'
import { admitGitHubRead } from '~/server/surfaces/review/admit-github-read'
import { listRefs } from '~/server/surfaces/review/list-refs'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { procedureFor, router } from '~/server/trpc/procedures/init'
import { silentRepositories } from '~/server/webhooks/read-webhook-state'

/** What makes requests to GitHub, for as many as want to look. */
const githubRead = procedureFor('surface.read').use(({ ctx, next }) => {
  admitGitHubRead(ctx.deps, ctx.actor)
  return next()
})

/** A grid on which nothing but the time of a look has changed is sent again after this, so that those are never older. */
const LOOKS_SHOWN_MS = 30_000

export const surfacesRouter = router({
  list: procedureFor('surface.read').query(async ({ ctx }) => {
    const [surfaces, silent] = await Promise.all([
      listTiles(ctx.deps),
      may(ctx.actor, 'health.read') ? silentRepositories(ctx.deps) : [],
    ])
    ctx.call.version = versionOf([
      surfaces.map(withoutTimes),
      silent,
      Math.floor(ctx.deps.now().getTime() / LOOKS_SHOWN_MS),
    ])
    return { surfaces, silent, now: ctx.deps.now().toISOString() }
  }),

  refs: githubRead
    .input(z.object({ surfaceId, query: storableText.max(255).optional() }))
    .query(({ ctx, input }) => listRefs(ctx.deps, input)),

  review: githubRead
    .input(dispatchInput.pick({ surfaceId: true, ref: true, source: true }))
    .query(({ ctx, input }) => reviewDeploy(ctx.deps, input)),

  lock: procedureFor('freeze.manage')
    .input(lockInput)
    .mutation(({ ctx, input }) => lockSurface(ctx.deps, ctx.actor, input)),

  unlock: procedureFor('freeze.manage')
    .input(lockInput.pick({ surfaceId: true }))
    .mutation(({ ctx, input }) => unlockSurface(ctx.deps, ctx.actor, input.surfaceId)),
})
