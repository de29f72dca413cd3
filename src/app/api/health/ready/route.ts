import { getDeps } from '~/server/deps'
import { checkReadiness } from '~/server/health/check-readiness'
import { refuseOverLimit } from '~/server/platform/http/refuse-request'
import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Limited like any other, because it asks the database for whoever asks. Its 503 is the same document as its 200. */
export async function GET(request: Request) {
  const refused = refuseOverLimit(getDeps(), request)
  if (refused !== null) return refused
  const readiness = await checkReadiness(getDeps())
  return Response.json(readiness, { status: readiness.ready ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}
