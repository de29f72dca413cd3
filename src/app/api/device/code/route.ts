import { deviceCodeBody } from '~/domain/device-sign-in'
import { addressGroup, addressOf } from '~/server/platform/http/guard'
import { publicRoute, readJson, refuseMethods, snakeCase } from '~/server/rest/rest-route'
import { commandLineOf } from '~/server/tokens/authenticate-token'
import { requestDevice } from '~/server/tokens/device-sign-in'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

/** RFC 8628, 3.2. With the token of a signed-in command line: asks for a fresh proof for it. */
export const POST = publicRoute(async ({ deps, request }) => {
  const actor = await commandLineOf(deps, request.headers)
  const { machine } = await readJson(request, deviceCodeBody)
  const answer = await requestDevice(deps, { machine, address: addressGroup(addressOf(request)), actor })
  return { body: { ...Object(snakeCase(answer)), verification_uri: `${deps.config.consoleUrl}/device` } }
})
