import { deviceTokenBody } from '~/domain/device-sign-in'
import { publicRoute, readJson, refuseMethods } from '~/server/rest/rest-route'
import { collectDevice } from '~/server/tokens/device-sign-in'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

/** RFC 8628, 3.4. */
export const POST = publicRoute(async ({ deps, request }) => {
  const { device_code } = await readJson(request, deviceTokenBody)
  const answer = await collectDevice(deps, device_code)
  if (answer.purpose === 'prove') return { body: { proved: true } }
  const { token, person, expiresAt } = answer
  return { body: { access_token: token, token_type: 'Bearer', person, expires_at: expiresAt.toISOString() } }
})
