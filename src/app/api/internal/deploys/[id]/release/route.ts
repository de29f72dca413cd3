import { releaseSurface } from '~/server/deploys/cancel/release-surface'
import { deployIdOf, readJson, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'
import { restReleaseBody } from '~/server/rest/shapes'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

/** Releases the surface from a deploy that no event ends, with a reason. */
export const POST = restRoute<{ id: string }>('deploy.dispatch', async ({ deps, actor, request }, { id }) => {
  const deployId = deployIdOf(id)
  const { reason } = await readJson(request, restReleaseBody)
  return { body: snakeCase(await releaseSurface(deps, actor, { id: deployId, reason })) }
})
