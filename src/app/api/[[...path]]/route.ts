import { AppError } from '~/domain/errors'
import { getDeps } from '~/server/deps'
import { problemResponse } from '~/server/platform/http/problem'
import { refuseRequest } from '~/server/platform/http/refuse-request'

export const dynamic = 'force-dynamic'

/** Answers every unknown path below `/api` with JSON. Without this route, Next would answer with an HTML page. */
function answerNowhere(request: Request): Response {
  const refused = refuseRequest(getDeps(), request)
  if (refused !== null) return refused
  const detail = 'This address is not part of the API. Nothing was done. See /api/openapi.json for every address.'
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
