import 'server-only'
import { AppError, ERROR_CODES, type ErrorCode, RETRY_AFTER_SECONDS } from '~/domain/errors'
import { isDatabaseUnavailable, isWriteRefused } from '~/server/platform/database'
import { currentRequestId } from '~/server/platform/log-context'
import type { Logger } from '~/server/platform/logger'
import { tracing } from '~/server/platform/tracing'

/** Converts any thrown value to an AppError. The text of an unexpected error never leaves the server. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (isDatabaseUnavailable(error)) {
    return new AppError(
      'database_unavailable',
      `The database ${isWriteRefused(error) ? 'accepts no changes right now' : 'does not answer'}. It is not known whether anything was changed. Try again shortly.`,
      { cause: error },
    )
  }
  return new AppError(
    'internal',
    'The console failed. It is not known whether anything was changed. Read the console’s log for the cause.',
    { cause: error },
  )
}

/** Logs server faults with their cause. Refusals are logged at debug level, because they concern only the client. */
export function logAppError(logger: Logger, error: AppError, context: Readonly<Record<string, unknown>>): void {
  const { http } = ERROR_CODES[error.code]
  if (http >= 500) logger.error({ ...context, code: error.code, err: error.cause ?? error }, error.message)
  else logger.debug({ ...context, code: error.code }, error.message)
}

/** The `type` of a problem document: a URN, because an address can break. */
export const problemType = (code: ErrorCode) => `urn:deploy-console:problem:${code.replaceAll('_', '-')}`

/** A 401 names how to authenticate (RFC 9110, 15.5.2), with an error code if a token was sent (RFC 6750, 3.1). */
const CHALLENGES: Partial<Record<ErrorCode, string>> = {
  signed_out: 'Bearer realm="Deploy Console"',
  token_refused: 'Bearer realm="Deploy Console", error="invalid_token"',
}

/** An RFC 9457 problem document. */
export function problemResponse(error: AppError, headers: Readonly<Record<string, string>> = {}): Response {
  const { http, title } = ERROR_CODES[error.code]
  const challenge = CHALLENGES[error.code]
  const requestId = currentRequestId()
  const traceId = tracing()?.traceId()
  const retryAfter = error.retryAfterSeconds ?? (http === 503 ? RETRY_AFTER_SECONDS : undefined)
  const body = {
    ...error.details,
    type: problemType(error.code),
    title,
    status: http,
    detail: error.message,
    code: error.code,
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(traceId === undefined ? {} : { trace_id: traceId }),
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
