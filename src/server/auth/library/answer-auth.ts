import 'server-only'
import { ADDRESS_HEADER, authOf } from '~/server/auth/library/auth'
import { FAILED_RETURN_PAGE } from '~/server/auth/library/providers/provider-return'
import { authenticate } from '~/server/auth/sessions/read-session'
import { dropSession, withCurrentSignature } from '~/server/auth/sessions/session-cookie'
import { getDeps } from '~/server/deps'
import { addressOf } from '~/server/platform/http/guard'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { limitBody } from '~/server/platform/http/read-body'
import { refuseOverLimit, refuseRequest } from '~/server/platform/http/refuse-request'

/** Answers everything below `/api/auth`: better-auth's handler, behind the checks of every other route. */
export async function answerAuth(request: Request): Promise<Response> {
  const deps = getDeps()
  const answered = isReturn(request) ? onPage : (response: Response) => response
  const refused = isReturn(request) ? refuseOverLimit(deps, request) : refuseRequest(deps, request)
  if (refused !== null) return answered(refused)
  const bounded = await limitBody(request)
  if (bounded instanceof Response) return answered(bounded)
  try {
    const headers = new Headers(withCurrentSignature(deps.config, bounded.headers))
    headers.set(ADDRESS_HEADER, addressOf(bounded))
    // Ends an idle session, or one of a suspended member: the library checks neither. A request whose session has ended
    // reaches the library without one.
    if ((await authenticate(deps, headers, 'person')) === null) dropSession(deps.config, headers)
    const response = await authOf(deps).handler(new Request(bounded, { headers }))
    response.headers.set('cache-control', 'no-store')
    return answered(response)
  } catch (thrown) {
    const error = toAppError(thrown)
    logAppError(deps.logger, error, { method: request.method, path: new URL(request.url).pathname })
    return answered(problemResponse(error))
  }
}

/**
 * Whether a provider sent the person back, from its own site. The library compares the state in the address with a cookie,
 * which proves that this browser began the sign-in (RFC 6749, 10.12).
 */
const isReturn = (request: Request): boolean =>
  request.method === 'GET' && /^\/api\/auth\/callback\/\w+$/.test(new URL(request.url).pathname)

/** A return from a provider must end on a page, so any other answer becomes a redirect. */
function onPage(response: Response): Response {
  if (response.headers.has('location')) return response
  const error = response.status === 429 ? 'too_many_requests' : 'not_completed'
  return new Response(null, {
    status: 302,
    headers: { location: `${FAILED_RETURN_PAGE}?error=${error}`, 'cache-control': 'no-store' },
  })
}
