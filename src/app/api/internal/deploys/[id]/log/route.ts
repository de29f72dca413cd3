import { getLogPage } from '~/server/deploys/read/log-lines'
import { parseInput } from '~/server/platform/http/read-body'
import { deployIdOf, refuseMethods, restRoute } from '~/server/rest/rest-route'
import { restLogQuery } from '~/server/rest/shapes'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Log lines before the ones that the poll returns, page by page. */
export const GET = restRoute('deploy.read', async ({ deps, request }, { id }: { readonly id: string }) => {
  const query = Object.fromEntries(new URL(request.url).searchParams)
  return { body: await getLogPage(deps, deployIdOf(id), parseInput(query, restLogQuery, 'The query')) }
})
