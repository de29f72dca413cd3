import { sourceOf } from '~/server/deploys/admit/check-source'
import { parseInput } from '~/server/platform/http/read-body'
import { refuseMethods, restRoute, snakeCase, surfaceIdOf } from '~/server/rest/rest-route'
import { restReviewQuery } from '~/server/rest/surface-shapes'
import { requireGitHubRead } from '~/server/surfaces/review/list-refs'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** What a deploy would change, with what the request sends back. */
export const GET = restRoute<{ id: string }>('surface.read', async ({ deps, actor, request }, { id }) => {
  const surfaceId = surfaceIdOf(id)
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const { ref, rollback, promotion } = parseInput(query, restReviewQuery, 'The query')
  requireGitHubRead(deps, actor)
  const kind = rollback === undefined ? 'promotion' : 'rollback'
  const from = rollback ?? promotion
  const source = from === undefined ? undefined : sourceOf(kind, from)
  return { body: snakeCase(await reviewDeploy(deps, { surfaceId, ref, source }, actor)) }
})
