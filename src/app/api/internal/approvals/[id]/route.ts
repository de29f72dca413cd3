import { getApproval } from '~/server/approvals/approval-view'
import { approvalIdOf, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** The state of an approval, with `deploy_id` once it was granted. */
export const GET = restRoute<{ id: string }>('deploy.read', async ({ deps, actor }, { id }) => ({
  body: snakeCase(await getApproval(deps, actor, approvalIdOf(id))),
}))
