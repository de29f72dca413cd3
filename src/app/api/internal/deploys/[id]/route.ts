import { getDeploy } from '~/server/deploys/read/get-deploy'
import { answerConditionally, etagOf } from '~/server/platform/http/etag'
import { deployIdOf, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Answers a poll, with an entity tag, so that an unchanged deploy is answered 304. */
export const GET = restRoute('deploy.read', async ({ deps, request }, { id: sent }: { readonly id: string }) => {
  const view = snakeCase(await getDeploy(deps, deployIdOf(sent)))
  const headers = { 'cache-control': 'no-store', etag: etagOf(view) }
  return answerConditionally(request, Response.json(view, { headers }))
})
