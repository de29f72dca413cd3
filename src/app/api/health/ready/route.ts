import { getDeps } from '~/server/deps'
import { checkReadiness } from '~/server/health/check-readiness'

export const dynamic = 'force-dynamic'

export async function GET() {
  const readiness = await checkReadiness(getDeps())
  return Response.json(readiness, { status: readiness.ready ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}
