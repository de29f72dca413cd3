import { refuseMethods } from '~/server/rest/rest-route'
import { answerTrpc } from '~/server/trpc/answer-trpc'

export const dynamic = 'force-dynamic'

export const { PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET', 'POST')

const answer = (request: Request) => answerTrpc(request)

export { answer as GET, answer as POST }
