import { refuseMethods, restRoute } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Who asks, and what they may change. */
export const GET = restRoute('surface.read', async ({ actor }) => {
  const { name, role, environments, permissions } = actor
  return { body: { name, role, environments, permissions } }
})
