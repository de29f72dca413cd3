import { lockSurface, unlockSurface } from '~/server/freezes/change-freezes'
import { readJson, refuseMethods, restRoute, snakeCase, surfaceIdOf } from '~/server/rest/rest-route'
import { restLockBody } from '~/server/rest/surface-shapes'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, OPTIONS } = refuseMethods('POST', 'DELETE')

export const POST = restRoute<{ id: string }>('freeze.manage', async ({ deps, actor, request }, { id }) => {
  const surfaceId = surfaceIdOf(id)
  const { reason, kind, ends_at: endsAt } = await readJson(request, restLockBody)
  return { status: 201, body: snakeCase(await lockSurface(deps, actor, { surfaceId, reason, kind, endsAt })) }
})

export const DELETE = restRoute<{ id: string }>('freeze.manage', async ({ deps, actor }, { id }) => {
  const surface = surfaceIdOf(id)
  await unlockSurface(deps, actor, surface)
  return { body: { surface, locked: false } }
})
