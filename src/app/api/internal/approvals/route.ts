import { listApprovals } from '~/server/approvals/approval-view'
import { refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** The waiting approvals. */
export const GET = restRoute('deploy.read', async ({ deps, actor }) => ({
  body: { waiting: snakeCase((await listApprovals(deps, actor, null)).waiting) },
}))
