import { sourceOf } from '~/server/deploys/admit/check-source'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { idempotencyKeyOf, readJson, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'
import { restDispatchBody } from '~/server/rest/shapes'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

const NOUNS = { deploy: 'deploys', approval: 'approvals', queued: 'queue' } as const

/** Requests a deploy, with the use case of the screen. 202 once GitHub was asked, or once an approval or a queued request waits. */
export const POST = restRoute('deploy.dispatch', async ({ deps, actor, request }) => {
  const idempotencyKey = idempotencyKeyOf(request)
  const body = await readJson(request, restDispatchBody)
  const {
    surface: surfaceId,
    expected_sha,
    expected_running_sha,
    basis: restedOn,
    override_freeze: override,
    source: from,
    ...asked
  } = body
  const overrideFreeze = override && { reason: override.reason, freezeIds: override.freeze_ids }
  const source = from && sourceOf(from.kind, from.kind === 'rollback' ? from.deploy : from.surface)
  const basis = restedOn && {
    declaration: restedOn.declaration,
    workflowRef: restedOn.workflow_ref,
    workflowFile: restedOn.workflow_file,
  }
  const reviewed = { expectedSha: expected_sha, reviewedRunningSha: expected_running_sha, basis }
  const input = { ...asked, ...reviewed, surfaceId, overrideFreeze, source, idempotencyKey }
  const { outcome, ...answer } = await requestDeploy(deps, actor, input)
  const id = 'approval' in answer ? answer.approval.id : 'queued' in answer ? answer.queued.id : answer.id
  const noun = NOUNS[outcome]
  return { status: 202, headers: { location: `/api/internal/${noun}/${id}` }, body: snakeCase(answer) }
})
