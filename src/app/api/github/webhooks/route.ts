import { getDeps } from '~/server/deps'
import { refuseMethods } from '~/server/rest/rest-route'
import { receiveWebhook } from '~/server/webhooks/receive-webhook'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

export async function POST(request: Request) {
  return receiveWebhook(getDeps(), request)
}
