import { liftFreeze } from '~/server/freezes/change-freezes'
import { freezeIdOf, refuseMethods, restRoute } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

export const POST = restRoute<{ id: string }>('freeze.manage', async ({ deps, actor }, { id }) => {
  const freezeId = freezeIdOf(id)
  await liftFreeze(deps, actor, freezeId)
  return { body: { id: freezeId, lifted: true } }
})
