import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Faults } from '~/sandbox/control/faults'
import { withFault } from '~/sandbox/control/faults'
import type { createApi } from '~/sandbox/github/endpoints/api'
import { missingPage, type Site } from '~/sandbox/html/layout'
import { type Answer, json, text, writeAnswer } from '~/sandbox/http/answer'
import { bearerOf, sameSecret } from '~/sandbox/http/incoming-request'
import { createRouter, type Route } from '~/sandbox/http/router'
import type { createSurfaceRouter } from '~/sandbox/surfaces/surface-routes'

/**
 * Whether a form was posted from a page of this server. Browsers send Origin with every POST, and Sec-Fetch-Site since 2020.
 * A request without either header needs the token.
 */
const isSameOrigin = (request: IncomingMessage, origins: readonly string[]): boolean => {
  const origin = request.headers.origin
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  if (origin !== undefined) return origins.includes(origin)
  return site === 'same-origin'
}

/** Prevents DNS rebinding, in which another site's name resolves to this server. */
const isOwnHost = (request: IncomingMessage, origins: readonly string[]): boolean =>
  origins.includes(`http://${request.headers.host ?? ''}`)

interface HandlerDeps extends Site {
  readonly api: ReturnType<typeof createApi>
  readonly faults: Faults
  readonly surfaces: ReturnType<typeof createSurfaceRouter>
  readonly pages: readonly Route[]
  readonly control: readonly Route[]
  readonly token: string
  /** This server's own origins: by address and by name. */
  readonly origins: readonly string[]
}

const refuseControl = (deps: HandlerDeps, request: IncomingMessage): Answer | undefined => {
  const token = bearerOf(request.headers.authorization)
  if (token !== undefined)
    return sameSecret(token, deps.token) ? undefined : json(401, { error: 'Incorrect token. Nothing was changed.' })
  if (request.method === 'POST' && isSameOrigin(request, deps.origins)) return undefined
  return json(403, { error: 'Forbidden. Nothing was changed. Use a page of this sandbox, or send its token.' })
}

/** One origin with four parts: the REST API, the surfaces, the control endpoints and the pages. */
export const createRequestHandler = (deps: HandlerDeps) => {
  const page = createRouter(deps.pages)
  const control = createRouter(deps.control)

  const answerApi = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const { name, answer } = deps.api(request, url.pathname, url.searchParams)
    const answered = await withFault(deps.faults, name, answer)
    if (answered) writeAnswer(request, response, answered)
    else response.destroy()
  }

  const answerControl = async (request: IncomingMessage, url: URL): Promise<Answer> => {
    const refused = refuseControl(deps, request)
    if (refused) return refused
    const match = control(request, url.pathname, url.searchParams)
    return match ? match.route.handle(match.request) : json(404, { error: `${url.pathname} not found.` })
  }

  const answerPage = async (request: IncomingMessage, url: URL): Promise<Answer> => {
    const match = page(request, url.pathname, url.searchParams)
    return match ? match.route.handle(match.request) : missingPage(deps, `There is no page at ${url.pathname}.`)
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(`http://sandbox${request.url ?? '/'}`)
    if (url.pathname.startsWith('/surfaces/')) return deps.surfaces(request, response, url.pathname, url.search)
    if (url.pathname.startsWith('/api/v3')) return answerApi(request, response, url)
    if (!isOwnHost(request, deps.origins)) {
      return writeAnswer(
        request,
        response,
        text(421, 'Unknown host name. Open the sandbox by the address that npm start prints.\n'),
      )
    }
    const answer = url.pathname.startsWith('/control/') ? answerControl : answerPage
    writeAnswer(request, response, await answer(request, url))
  }
}
