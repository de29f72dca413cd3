import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeps } from '~/server/deps'
import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { GET, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('POST')

/** An older name of `…/status`, with the same answer. */
export async function POST(request: Request, { params }: { params: Promise<{ id: string }> }) {
  return receiveCallback(getDeps(), request, (await params).id)
}
