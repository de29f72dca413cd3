import { grantApproval } from '~/server/approvals/grant-approval'
import { approvalIdOf, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

/** Approves: checks the facts again, then dispatches once. */
export const POST = restRoute<{ id: string }>('deploy.approve', async ({ deps, actor }, { id }) => {
  const approval = await grantApproval(deps, actor, approvalIdOf(id))
  return {
    status: 202,
    headers: { location: `/api/internal/deploys/${approval.deployId}` },
    body: snakeCase(approval),
  }
})
