import { AppError } from '~/domain/errors'
import { getDeps } from '~/server/deps'
import { problemResponse } from '~/server/platform/http/problem'
import { refuseRequest } from '~/server/platform/http/refuse-request'

export const dynamic = 'force-dynamic'

/** Whatever no other route below `/api` answers: without it, Next's own page for people. */
function answerNowhere(request: Request): Response {
  const refused = refuseRequest(getDeps(), request)
  if (refused !== null) return refused
  const detail =
    'The console has nothing at this address. What it has is listed at /api/openapi.json. Nothing was done.'
  return problemResponse(new AppError('address_unknown', detail))
}

export {
  answerNowhere as DELETE,
  answerNowhere as GET,
  answerNowhere as OPTIONS,
  answerNowhere as PATCH,
  answerNowhere as POST,
  answerNowhere as PUT,
}
