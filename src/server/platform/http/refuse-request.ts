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

/** A wrong CONSOLE_URL, or a proxy's wrong Host, refuses everybody, so it is logged. Each pair once, at most a few: names can be forged. */
function warnOnce(logger: Needs['logger'], { details, message }: AppError): void {
  const pair = `${details['expected_origin']} ${details['seen_origin']}`
  if (details['seen_origin'] === undefined || warnedOf.has(pair) || warnedOf.size >= MAX_WARNINGS) return
  warnedOf.add(pair)
  logger.warn(details, message)
}

const MAX_WARNINGS = 20
