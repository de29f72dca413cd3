import { getDeploy, pollVersion } from '~/server/deploys/get-deploy'
import { notModified, versionHeader } from '~/server/http/not-modified'
import { deployIdOf } from '~/server/rest/read-json'
import { refuseMethods, restRoute } from '~/server/rest/rest-route'
import { snakeCase } from '~/server/rest/snake-case'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Contract.md, "Poll". */
export const GET = restRoute('deploy.read', async ({ deps, request }, { id: sent }: { readonly id: string }) => {
  const id = deployIdOf(sent)
  const unchanged = await notModified(request, () => pollVersion(deps, id))
  if (unchanged !== null) return unchanged
  const { view, version } = await getDeploy(deps, id)
  return { headers: versionHeader(version), body: snakeCase(view) }
})
