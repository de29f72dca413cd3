import { refuseMethods } from '~/server/rest/rest-route'
import { answerTrpc } from '~/server/trpc/answer-trpc'
import { unchangedPoll } from '~/server/trpc/unchanged-poll'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/**
 * What every open window asks every two seconds. It answers as its neighbour `[trpc]` would, at an address without a pattern:
 * Next works the pattern of a dynamic route out anew for each request (ADR 009).
 */
export const GET = (request: Request) => answerTrpc(request, unchangedPoll)
