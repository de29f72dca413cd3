import { restDispatchBody } from '~/domain/rest'
import { dispatchDeploy } from '~/server/deploys/dispatch-deploy'
import { idempotencyKeyOf } from '~/server/rest/idempotency-key'
import { readJson } from '~/server/rest/read-json'
import { refuseMethods, restRoute } from '~/server/rest/rest-route'
import { snakeCase } from '~/server/rest/snake-case'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

/** Contract.md, "Dispatch": the same use case as the screen's, 202 as soon as the intent is kept and GitHub was asked. */
export const POST = restRoute('deploy.dispatch', async ({ deps, actor, request }) => {
  const idempotencyKey = idempotencyKeyOf(request)
  const body = await readJson(request, restDispatchBody)
  const { surface: surfaceId, expected_sha: expectedSha, override_freeze: override, ...asked } = body
  const overrideFreeze = override && { reason: override.reason, freezeIds: override.freeze_ids }
  const answer = await dispatchDeploy(deps, actor, { ...asked, surfaceId, expectedSha, overrideFreeze, idempotencyKey })
  return { status: 202, headers: { location: `/api/internal/deploys/${answer.id}` }, body: snakeCase(answer) }
})
