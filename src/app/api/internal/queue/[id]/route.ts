import { getQueued } from '~/server/queue/queued-view'
import { queuedIdOf, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

export const GET = restRoute<{ id: string }>('deploy.read', async ({ deps, actor }, { id }) => ({
  body: snakeCase(await getQueued(deps, actor, queuedIdOf(id))),
}))
