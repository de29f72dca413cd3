import 'server-only'
import { initTRPC, TRPCError } from '@trpc/server'

import { ZodError, z } from 'zod'
import { PERSON_HEADER } from '~/domain/account'
import type { Actor } from '~/domain/actor'
import { AppError, ERROR_CODES, type ErrorCode } from '~/domain/errors'
import type { Permission } from '~/domain/permissions'
import { authorize } from '~/server/auth/authorize'
import { askedBy, authenticate } from '~/server/auth/sessions/read-session'
import { type Deps, getDeps } from '~/server/deps'
import { logAppError, toAppError } from '~/server/platform/http/problem'
import { limitAccount } from '~/server/platform/http/rate-limits'
import { currentRequestId } from '~/server/platform/log-context'
import type { Logger } from '~/server/platform/logger'

interface Call {
  /** The entity tag of the answer, with which the caller asks again (`http/etag.ts`). */
  etag: string | null
}

export interface Context {
  readonly deps: Deps
  /** Null if nobody is signed in. */
  readonly actor: Actor | null
  /** Set by procedures. One object for the whole call, because tRPC copies the context for each procedure. */
  readonly call: Call
}

/** A context without HTTP, for tests and scripts. */
export const createContextInner = (deps: Deps, actor: Actor | null): Context => ({
  deps,
  actor,
  call: { etag: null },
})

export async function createContext({ req }: { readonly req: Request }): Promise<Context> {
  const deps = getDeps()
  try {
    const actor = await authenticate(deps, req.headers, askedBy(req))
    return createContextInner(deps, isPageOf(actor, req) ? actor : null)
  } catch (thrown) {
    // No procedure has run yet, so `procedureFor` cannot convert this error.
    throw toTrpcError(deps.logger, thrown, { path: new URL(req.url).pathname })
  }
}

/** Whether the actor is the person of the page. A page of one person never acts as another who signed in later. */
function isPageOf(actor: Actor | null, { headers }: Request): boolean {
  const page = headers.get(PERSON_HEADER)
  return actor === null || page === null || page === encodeURIComponent(actor.name)
}

/** Logs any thrown value and converts it to a tRPC error with the console's own text, never a driver's. */
export function toTrpcError(logger: Logger, thrown: unknown, context: Readonly<Record<string, unknown>>): TRPCError {
  const error = toAppError(thrown)
  logAppError(logger, error, context)
  return new TRPCError({ code: ERROR_CODES[error.code].trpc, message: error.message, cause: error })
}

/** Logs an error of tRPC itself, which did not pass `toTrpcError`. */
export function logUnexpected(logger: Logger, error: TRPCError, path: string | undefined): void {
  const unexpected = unexpectedError(error)
  if (unexpected !== null) logAppError(logger, unexpected, { path })
}

/** The error to show instead of one of tRPC itself, whose text may name a host or a table. Null if the text may be shown. */
function unexpectedError(error: TRPCError): AppError | null {
  const expected = error.code !== 'INTERNAL_SERVER_ERROR' || error.cause instanceof AppError
  return expected ? null : toAppError(error.cause ?? error)
}

/** Codes for requests that tRPC refuses before a procedure runs. */
const TRPC_REFUSALS: Partial<Record<TRPCError['code'], ErrorCode>> = {
  BAD_REQUEST: 'invalid_input',
  PARSE_ERROR: 'invalid_input',
  NOT_FOUND: 'address_unknown',
  METHOD_NOT_SUPPORTED: 'method_refused',
  UNSUPPORTED_MEDIA_TYPE: 'media_type_refused',
}

const LIVE_PING_MS = 5_000

const t = initTRPC.context<Context>().create({
  sse: {
    // Proxies and browsers close a silent stream.
    ping: { enabled: true, intervalMs: LIVE_PING_MS },
    client: { reconnectAfterInactivityMs: LIVE_PING_MS * 3 },
  },
  /** Adds the code of `ERROR_CODES`, and replaces texts that are not written for the operator. */
  errorFormatter({ shape, error }) {
    const { cause } = error
    const unexpected = unexpectedError(error)
    const appError = cause instanceof AppError ? cause : unexpected
    const appCode: ErrorCode | null = appError?.code ?? TRPC_REFUSALS[error.code] ?? null
    const { stack: _, ...data } = shape.data
    const message = cause instanceof ZodError ? z.prettifyError(cause) : (unexpected?.message ?? shape.message)
    const details = appError?.details ?? {}
    const requestId = currentRequestId()
    return { ...shape, message, data: { ...data, appCode, details, ...(requestId === undefined ? {} : { requestId }) } }
  },
})

export const router = t.router
export const createCallerFactory = t.createCallerFactory

function permitted(ctx: Context, path: string, permission: Permission): Actor {
  try {
    const actor = authorize(ctx.actor, permission)
    return limitAccount(ctx.deps, actor)
  } catch (refusal) {
    throw toTrpcError(ctx.deps.logger, refusal, { path })
  }
}

/**
 * The base of every procedure: requires the permission, and converts errors. One middleware does both, because each middleware
 * costs time in every poll. In tRPC 11 `next()` does not throw: it resolves to `{ ok: false }`.
 */
export const procedureFor = (permission: Permission) =>
  t.procedure.use(async ({ ctx, path, next }) => {
    const result = await next({ ctx: { actor: permitted(ctx, path, permission) } })
    // An invalid input is already a TRPCError, with zod's error as the cause.
    if (result.ok || result.error.code === 'BAD_REQUEST') return result
    throw toTrpcError(ctx.deps.logger, result.error.cause ?? result.error, { path })
  })
