import { answerAuth } from '~/server/auth/library/answer-auth'
import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET', 'POST')

export { answerAuth as GET, answerAuth as POST }
