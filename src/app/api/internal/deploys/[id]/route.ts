import { getDeploy } from '~/server/deploys/get-deploy'
import { deployIdOf } from '~/server/rest/read-json'
import { refuseMethods, restRoute } from '~/server/rest/rest-route'
import { snakeCase } from '~/server/rest/snake-case'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Contract.md, "Poll". */
export const GET = restRoute('deploy.read', async ({ deps }, { id }: { readonly id: string }) => ({
  body: snakeCase(await getDeploy(deps, deployIdOf(id))),
}))
