import { deployExportQuery } from '~/domain/deploy/deploy-list'
import { exportDeploys } from '~/server/deploys/read/list-all-deploys'
import { parseInput } from '~/server/platform/http/read-body'
import { refuseMethods, restRoute } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

export const GET = restRoute('deploy.read', async ({ deps, request }) => {
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const { format, ...filter } = parseInput(query, deployExportQuery, 'The query')
  return exportDeploys(deps, { filter, format })
})
