import 'server-only'
import type { AppError } from '~/domain/errors'
import type { ServerConfig } from '~/server/platform/config'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { limitAddress, type RateLimits } from '~/server/platform/http/rate-limits'
import { refuseForeignOrigin } from '~/server/platform/http/refuse-foreign-origin'
import type { Logger } from '~/server/platform/logger'

interface Needs {
  readonly config: ServerConfig
  readonly logger: Logger
  readonly rateLimits: RateLimits
}

/**
 * What every request of a person or a script meets before anything else: the limit of its address, and whether another
 * site sent it. Null when it may go on. Signed routes have a limit of their own and need no origin.
 */
export function refuseRequest(deps: Needs, request: Request): Response | null {
  return refusalOf(deps, request, () => {
    limitAddress(deps, request)
    refuseForeignOrigin(request, deps.config.consoleUrl)
  })
}

/** The limit alone, for what anybody may ask under any name. */
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

/** A wrong CONSOLE_URL, or a proxy's wrong Host, refuses everybody. Each pair once, and few: anybody can make names up. */
function warnOnce(logger: Needs['logger'], { details, message }: AppError): void {
  const pair = `${details['expected_origin']} ${details['seen_origin']}`
  if (details['seen_origin'] === undefined || warnedOf.has(pair) || warnedOf.size >= WARNED_MOST) return
  warnedOf.add(pair)
  logger.warn(details, message)
}

const WARNED_MOST = 20
