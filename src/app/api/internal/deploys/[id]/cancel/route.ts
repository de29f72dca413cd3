import { cancelDeploy } from '~/server/deploys/cancel/cancel-deploy'
import { deployIdOf, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

/** Requests cancellation at GitHub: 202 without a body. Poll the deploy to learn when it has ended. */
export const POST = restRoute('deploy.cancel', async ({ deps, actor }, { id }: { readonly id: string }) => ({
  status: 202,
  headers: { location: `/api/internal/deploys/${deployIdOf(id)}` },
  body: snakeCase(await cancelDeploy(deps, actor, deployIdOf(id))),
}))
