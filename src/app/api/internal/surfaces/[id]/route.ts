import { AppError } from '~/domain/errors'
import { refuseMethods, restRoute, snakeCase, surfaceIdOf } from '~/server/rest/rest-route'
import { scriptSurface } from '~/server/rest/surface-shapes'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

export const GET = restRoute<{ id: string }>('surface.read', async ({ deps }, { id }) => {
  const surface = surfaceIdOf(id)
  const [tile] = await listTiles(deps, [surface])
  if (tile === undefined) throw new AppError('surface_unknown', `There is no surface "${surface}". Check the id.`)
  return { body: snakeCase(scriptSurface(tile)) }
})
