import { downloadLog } from '~/server/deploys/read/log-lines'
import { deployIdOf, refuseMethods, restRoute } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** The whole log as a file. */
export const GET = restRoute('deploy.read', ({ deps }, { id }: { readonly id: string }) =>
  downloadLog(deps, deployIdOf(id)),
)
