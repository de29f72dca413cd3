import { continueQueue } from '~/server/queue/continue-queue'
import { restContinueBody } from '~/server/rest/request-shapes'
import { readJson, refuseMethods, restRoute, surfaceIdOf } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

export const POST = restRoute<{ id: string }>('deploy.dispatch', async ({ deps, actor, request }, { id }) => {
  const surfaceId = surfaceIdOf(id)
  const { deploy: deployId } = await readJson(request, restContinueBody)
  await continueQueue(deps, actor, { surfaceId, deployId })
  return { body: { surface: surfaceId, continued_after: deployId } }
})
