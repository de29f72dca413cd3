import { getDeps } from '~/server/deps'
import { checkReadiness } from '~/server/health/check-readiness'
import { refuseOverLimit } from '~/server/platform/http/refuse-request'
import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Rate-limited, because each request asks the database. A 503 has the same body as a 200. */
export async function GET(request: Request) {
  const refused = refuseOverLimit(getDeps(), request)
  if (refused !== null) return refused
  const readiness = await checkReadiness(getDeps())
  return Response.json(readiness, { status: readiness.ready ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}
