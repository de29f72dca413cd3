import { sourceOf } from '~/server/deploys/admit/check-source'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { idempotencyKeyOf } from '~/server/rest/idempotency-key'
import { readJson } from '~/server/rest/read-json'
import { refuseMethods, restRoute } from '~/server/rest/rest-route'
import { restDispatchBody } from '~/server/rest/shapes'
import { snakeCase } from '~/server/rest/snake-case'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

/**
 * Contract.md, "Dispatch": the same use case as the screen's, 202 as soon as the intent is kept and GitHub was
 * asked, or, where a second person is needed, as soon as the approval waits for one.
 */
export const POST = restRoute('deploy.dispatch', async ({ deps, actor, request }) => {
  const idempotencyKey = idempotencyKeyOf(request)
  const body = await readJson(request, restDispatchBody)
  const {
    surface: surfaceId,
    expected_sha,
    expected_running_sha,
    override_freeze: override,
    source: from,
    ...asked
  } = body
  const overrideFreeze = override && { reason: override.reason, freezeIds: override.freeze_ids }
  const source = from && sourceOf(from.kind, from.kind === 'rollback' ? from.deploy : from.surface)
  const reviewed = { expectedSha: expected_sha, reviewedRunningSha: expected_running_sha }
  const input = { ...asked, ...reviewed, surfaceId, overrideFreeze, source, idempotencyKey }
  const { outcome, ...answer } = await requestDeploy(deps, actor, input)
  const id = 'approval' in answer ? answer.approval.id : answer.id
  const noun = outcome === 'approval' ? 'approvals' : 'deploys'
  return { status: 202, headers: { location: `/api/internal/${noun}/${id}` }, body: snakeCase(answer) }
})
