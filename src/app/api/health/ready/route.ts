import { getDeps } from '~/server/deps'
import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Not rate-limited: a proxy asks often, from an address that it may share with everybody. A 503 has the same body as a 200. */
export async function GET() {
  const readiness = await getDeps().readiness.check()
  return Response.json(readiness, { status: readiness.ready ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}
