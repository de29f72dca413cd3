import { changeFreeze } from '~/server/freezes/change-freezes'
import { freezeIdOf, readJson, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'
import { restFreezeChange } from '~/server/rest/surface-shapes'

export const dynamic = 'force-dynamic'

export const { GET, POST, PUT, DELETE, OPTIONS } = refuseMethods('PATCH')

/** Changes the reason or the end of a freeze window, a lock or a notice. */
export const PATCH = restRoute<{ id: string }>('freeze.manage', async ({ deps, actor, request }, { id }) => {
  const freezeId = freezeIdOf(id)
  const { reason, ends_at: endsAt } = await readJson(request, restFreezeChange)
  return { body: snakeCase(await changeFreeze(deps, actor, { id: freezeId, reason, endsAt })) }
})
