import 'server-only'
import { TRPCError } from '@trpc/server'
import { AppError, ERROR_CODES } from '~/domain/errors'
import { logAppError, toAppError } from '~/server/platform/http/problem'
import type { Logger } from '~/server/platform/logger'

/** Whatever was thrown, logged, as one kind of tRPC error: its text is the console's own, never a driver's. */
export function toTrpcError(logger: Logger, thrown: unknown, context: Readonly<Record<string, unknown>>): TRPCError {
  const error = toAppError(thrown)
  logAppError(logger, error, context)
  return new TRPCError({ code: ERROR_CODES[error.code].trpc, message: error.message, cause: error })
}

/** What no use case threw is logged nowhere else. */
export function logUnexpected(logger: Logger, error: TRPCError, path: string | undefined): void {
  const unexpected = unexpectedError(error)
  if (unexpected !== null) logAppError(logger, unexpected, { path })
}

/**
 * The sentence in the place of a text that was not written for the operator: what fails in tRPC itself comes here without
 * having passed `toTrpcError`, and may name a host or a table. Null where the text may be shown.
 */
export function unexpectedError(error: TRPCError): AppError | null {
  const expected = error.code !== 'INTERNAL_SERVER_ERROR' || error.cause instanceof AppError
  return expected ? null : toAppError(error.cause ?? error)
}
