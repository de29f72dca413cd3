import { getDeploy } from '~/server/deploys/read/get-deploy'
import { unlessKnown, versionOf } from '~/server/platform/http/not-modified'
import { deployIdOf } from '~/server/rest/read-json'
import { refuseMethods, restRoute } from '~/server/rest/rest-route'
import { snakeCase } from '~/server/rest/snake-case'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Contract.md, "Poll". */
export const GET = restRoute('deploy.read', async ({ deps, request }, { id: sent }: { readonly id: string }) => {
  const view = snakeCase(await getDeploy(deps, deployIdOf(sent)))
  const headers = { 'cache-control': 'no-store', etag: versionOf(view) }
  return unlessKnown(request, Response.json(view, { headers }))
})
