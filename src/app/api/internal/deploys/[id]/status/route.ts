import { receiveCallback } from '~/server/callbacks/receive-callback'
import { getDeps } from '~/server/deps'

export const dynamic = 'force-dynamic'

export async function POST(request: Request, { params }: { params: Promise<{ id: string }> }) {
  return receiveCallback(getDeps(), request, (await params).id)
}
