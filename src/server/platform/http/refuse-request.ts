import 'server-only'
import { AppError } from '~/domain/errors'
import type { ServerConfig } from '~/server/platform/config'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { limitAddress, type RateLimits } from '~/server/platform/http/rate-limits'
import type { Logger } from '~/server/platform/logger'
import { isLoopbackHost } from '~/server/platform/network-settings'

interface Needs {
  readonly config: ServerConfig
  readonly logger: Logger
  readonly rateLimits: RateLimits
}

/**
 * The first check of every request of a person or a script: the rate limit of its address, and its origin. Null if the request
 * passes. Signed routes have their own limit and no origin check.
 */
export function refuseRequest(deps: Needs, request: Request): Response | null {
  return refusalOf(deps, request, () => {
    limitAddress(deps, request)
    refuseForeignOrigin(request, deps.config.consoleUrl)
  })
}

/** Checks only the rate limit, for requests that need no origin. */
export function refuseOverLimit(deps: Needs, request: Request): Response | null {
  return refusalOf(deps, request, () => limitAddress(deps, request))
}

function refusalOf({ logger }: Needs, request: Request, check: () => void): Response | null {
  try {
    check()
    return null
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.code === 'origin_refused') warnOnce(logger, error)
    logAppError(logger, error, { method: request.method, path: new URL(request.url).pathname })
    return problemResponse(error)
  }
}

const warnedOf = new Set<string>()

/**
 * A wrong CONSOLE_URL, or a proxy's wrong Host, refuses everybody, so it is logged. Each pair of hosts is logged once, and only a few
 * pairs, because a client can forge names.
 */
function warnOnce(logger: Needs['logger'], { details, message }: AppError): void {
  const pair = `${details['expected_origin']} ${details['seen_origin']}`
  if (details['seen_origin'] === undefined || warnedOf.has(pair) || warnedOf.size >= MAX_WARNINGS) return
  warnedOf.add(pair)
  logger.warn(details, message)
}

const MAX_WARNINGS = 20

const READS = ['GET', 'HEAD', 'OPTIONS']

/**
 * Refuses requests that another site makes through a signed-in browser: cross-site (`Sec-Fetch-Site`, `Origin`), by DNS rebinding
 * (`Host`), or as a form or link that changes something (`Sec-Fetch-Mode`). Throws `origin_refused`.
 */
export function refuseForeignOrigin(request: Request, consoleUrl: string): void {
  const host = request.headers.get('host') ?? ''
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  const reads = READS.includes(request.method)
  const foreignHost = !isOwnHost(host, consoleUrl)
  // `null`, the origin of a sandboxed frame, is not a URL.
  const foreignOrigin = origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host)
  const crossSite = site !== null && site !== 'same-origin' && !(site === 'none' && reads)
  const navigation = !reads && request.headers.get('sec-fetch-mode') === 'navigate'
  if (!foreignHost && !foreignOrigin && !crossSite && !navigation) return
  const seen = shown(foreignHost ? host : foreignOrigin ? origin : null)
  if (seen === null)
    throw new AppError(
      'origin_refused',
      'The request came from another site. Nothing was done. Use the console’s own pages.',
    )
  // If a proxy does not pass the Host header on, host and origin differ, so the message names both.
  const expected = foreignHost ? consoleUrl : host
  throw new AppError(
    'origin_refused',
    `The request came from another site: it names ${seen}, and the console is at ${expected}. Nothing was done. Open the console at its address. If people use another address, set CONSOLE_URL to it, and make the proxy pass the Host header on.`,
    { details: { expected_origin: expected, seen_origin: seen } },
  )
}

/** The host, if it looks like one: anybody may send any text, which would be shown and logged. */
const shown = (name: string | null): string | null => (name !== null && /^[\w.:/[\]-]{1,255}$/.test(name) ? name : null)

export function isOwnHost(host: string, consoleUrl: string): boolean {
  if (URL.canParse(consoleUrl) && new URL(consoleUrl).host === host) return true
  return isLoopbackHost(host)
}
