import { openApiDocument } from '~/server/openapi/document'
import { refuseMethods, restRoute } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

export const GET = restRoute('surface.read', async ({ deps }) => ({ body: openApiDocument(deps.config.consoleUrl) }))
