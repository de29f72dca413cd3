import 'server-only'
import { AppError, ERROR_CODES, type ErrorCode } from '~/domain/errors'
import { isDatabaseAway } from '~/server/platform/database'
import type { Logger } from '~/server/platform/logger'

/** Seconds after which asking again makes sense when something the console depends on is away. */
const RETRY_AFTER_SECONDS = 5

/** Whatever was thrown, as the console's own error. The text of an unexpected one never leaves the server. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (isDatabaseAway(error)) {
    return new AppError(
      'database_unavailable',
      'The database does not answer, so it is not known whether anything was changed. Try again shortly.',
      {
        cause: error,
      },
    )
  }
  return new AppError(
    'internal',
    'Something went wrong in the console; its log says what. Nothing more is known here.',
    {
      cause: error,
    },
  )
}

/** Server faults are logged with their cause; refusals at debug level, for they are the sender's business. */
export function logAppError(logger: Logger, error: AppError, context: Readonly<Record<string, unknown>>): void {
  const { http } = ERROR_CODES[error.code]
  if (http >= 500) logger.error({ ...context, code: error.code, err: error.cause ?? error }, error.message)
  else logger.debug({ ...context, code: error.code }, error.message)
}

/** The `type` of a problem document: a name, not an address, so that it never breaks. */
export const problemType = (code: ErrorCode) => `urn:deploy-console:problem:${code.replaceAll('_', '-')}`

/** A 401 says how to authenticate (RFC 9110, 15.5.2); for a token that was sent, in the words of RFC 6750, 3.1. */
const CHALLENGES: Partial<Record<ErrorCode, string>> = {
  signed_out: 'Bearer realm="Deploy Console"',
  token_refused: 'Bearer realm="Deploy Console", error="invalid_token"',
}

/** An RFC 9457 problem document. */
export function problemResponse(error: AppError, headers: Readonly<Record<string, string>> = {}): Response {
  const { http, title } = ERROR_CODES[error.code]
  const challenge = CHALLENGES[error.code]
  const retryAfter = error.retryAfterSeconds ?? (http === 503 ? RETRY_AFTER_SECONDS : undefined)
  const body = {
    ...error.details,
    type: problemType(error.code),
    title,
    status: http,
    detail: error.message,
    code: error.code,
  }
  return new Response(JSON.stringify(body), {
    status: http,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
      ...headers,
    },
  })
}
