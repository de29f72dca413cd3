import { listOwnRequests } from '~/server/queue/own-requests'
import { refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** The caller's own requests. */
export const GET = restRoute('deploy.read', async ({ deps, actor }) => ({
  body: snakeCase(await listOwnRequests(deps, actor)),
}))
