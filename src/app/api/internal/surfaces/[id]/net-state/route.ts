import { readNetState } from '~/server/freezes/read-calendar'
import { parseInput } from '~/server/platform/http/read-body'
import { refuseMethods, restRoute, snakeCase, surfaceIdOf } from '~/server/rest/rest-route'
import { restNetStateQuery } from '~/server/rest/surface-shapes'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Whether the caller may deploy the surface at a time, as far as freezes, locks and DEPLOY_FREEZE say. */
export const GET = restRoute<{ id: string }>('freeze.read', async ({ deps, actor, request }, { id }) => {
  const surfaceId = surfaceIdOf(id)
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const { at } = parseInput(query, restNetStateQuery, 'The query')
  return { body: snakeCase(await readNetState(deps, actor, { surfaceId, at })) }
})
