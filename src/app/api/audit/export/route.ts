import { auditExportQuery } from '~/domain/audit/filter'
import { exportAudit } from '~/server/audit/read-audit'
import { parseInput } from '~/server/platform/http/read-body'
import { refuseMethods, restRoute } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

export const GET = restRoute('audit.read', async ({ deps, request }) => {
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const { format, ...filter } = parseInput(query, auditExportQuery, 'The query')
  return exportAudit(deps, { filter, format })
})
