import { refuseApproval } from '~/server/approvals/close-approval'
import { restRefusalBody } from '~/server/rest/request-shapes'
import { approvalIdOf, readJson, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

export const POST = restRoute<{ id: string }>('deploy.approve', async ({ deps, actor, request }, { id }) => {
  const approvalId = approvalIdOf(id)
  const { reason } = await readJson(request, restRefusalBody)
  return { body: snakeCase(await refuseApproval(deps, actor, { id: approvalId, reason })) }
})
