import { refuseMethods, restRoute } from '~/server/rest/rest-route'
import { signOutCommandLine } from '~/server/tokens/manage-tokens'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

/** Revokes the token of a person's command line that sends the request. */
export const POST = restRoute('surface.read', async ({ deps, actor }) => {
  await signOutCommandLine(deps, actor)
  return { body: { signed_out: true } }
})
