import { withdrawQueued } from '~/server/queue/leave-queue'
import { queuedIdOf, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

export const POST = restRoute<{ id: string }>('deploy.dispatch', async ({ deps, actor }, { id }) => ({
  body: snakeCase(await withdrawQueued(deps, actor, queuedIdOf(id))),
}))
