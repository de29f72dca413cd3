import { refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'
import { scriptSurface } from '~/server/rest/surface-shapes'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Every surface of the grid. */
export const GET = restRoute('surface.read', async ({ deps }) => ({
  body: { surfaces: (await listTiles(deps)).map((tile) => snakeCase(scriptSurface(tile))) },
}))
