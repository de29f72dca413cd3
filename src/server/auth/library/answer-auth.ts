import 'server-only'
import { ADDRESS_HEADER, authOf } from '~/server/auth/library/auth'
import { LOST_RETURN } from '~/server/auth/library/providers/provider-return'
import { authenticate } from '~/server/auth/sessions/authenticate'
import { dropSession, withCurrentSignature } from '~/server/auth/sessions/session-cookie'
import { getDeps } from '~/server/deps'
import { boundRequest } from '~/server/platform/http/bound-request'
import { addressOf } from '~/server/platform/http/guard'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { refuseOverLimit, refuseRequest } from '~/server/platform/http/refuse-request'

/** Everything below `/api/auth`: better-auth's own handler, behind the checks every other route has. */
export async function answerAuth(request: Request): Promise<Response> {
  const deps = getDeps()
  const answered = isReturn(request) ? onPage : (response: Response) => response
  const refused = isReturn(request) ? refuseOverLimit(deps, request) : refuseRequest(deps, request)
  if (refused !== null) return answered(refused)
  const bounded = await boundRequest(request)
  if (bounded instanceof Response) return answered(bounded)
  try {
    const headers = new Headers(withCurrentSignature(deps.config, bounded.headers))
    headers.set(ADDRESS_HEADER, addressOf(bounded))
    // Ends a session that was left alone for too long, or whose person was suspended: the library knows neither limit.
    // Of whoever that leaves with no session, the library is shown none.
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
 * A provider sends people back by a link on its own site. That it belongs to a sign-in this browser began is said by the
 * state in the address and the cookie beside it, which the library compares (RFC 6749, 10.12).
 */
const isReturn = (request: Request): boolean =>
  request.method === 'GET' && /^\/api\/auth\/callback\/\w+$/.test(new URL(request.url).pathname)

/** Somebody who is sent back by a provider looks at a page, so what is no redirect becomes one. */
function onPage(response: Response): Response {
  if (response.headers.has('location')) return response
  const error = response.status === 429 ? 'too_many_requests' : 'not_completed'
  return new Response(null, {
    status: 302,
    headers: { location: `${LOST_RETURN}?error=${error}`, 'cache-control': 'no-store' },
  })
}
