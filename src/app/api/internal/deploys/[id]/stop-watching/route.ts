import { stopWatch } from '~/server/deploys/watch/stop-watch'
import { deployIdOf, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

/** Disarms the rollback of a deploy. A repetition gets the same answer. */
export const POST = restRoute('deploy.cancel', async ({ deps, actor }, { id }: { readonly id: string }) => ({
  status: 200,
  body: snakeCase(await stopWatch(deps, actor, deployIdOf(id))),
}))
