import 'server-only'
import { initTRPC, type TRPCError } from '@trpc/server'
import superjson from 'superjson'
import { ZodError, z } from 'zod'
import type { Actor } from '~/domain/actor'
import { AppError, type ErrorCode } from '~/domain/errors'
import type { Permission } from '~/domain/permissions'
import { authorize } from '~/server/auth/rights/authorize'
import { limitAccount } from '~/server/platform/http/rate-limits'
import type { Context } from '~/server/trpc/procedures/context'
import { toTrpcError, unexpectedError } from '~/server/trpc/procedures/to-trpc-error'

/** What tRPC refuses by itself, before a procedure is reached. */
const OF_TRPC: Partial<Record<TRPCError['code'], ErrorCode>> = {
  BAD_REQUEST: 'invalid_input',
  PARSE_ERROR: 'invalid_input',
  NOT_FOUND: 'address_unknown',
  METHOD_NOT_SUPPORTED: 'method_refused',
  UNSUPPORTED_MEDIA_TYPE: 'media_type_refused',
}

const LIVE_PING_MS = 5_000

const t = initTRPC.context<Context>().create({
  transformer: superjson,
  sse: {
    // A proxy or a browser that hears nothing takes the stream for dead.
    ping: { enabled: true, intervalMs: LIVE_PING_MS },
    client: { reconnectAfterInactivityMs: LIVE_PING_MS * 3 },
  },
  /** What the screen gets of an error: its code in the one table, and a sentence for the operator. */
  errorFormatter({ shape, error }) {
    const { cause } = error
    const unexpected = unexpectedError(error)
    const appError = cause instanceof AppError ? cause : unexpected
    const appCode: ErrorCode | null = appError?.code ?? OF_TRPC[error.code] ?? null
    const { stack: _, ...data } = shape.data
    const message = cause instanceof ZodError ? z.prettifyError(cause) : (unexpected?.message ?? shape.message)
    return { ...shape, message, data: { ...data, appCode, details: appError?.details ?? {} } }
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
 * The base of every procedure: only for an actor who holds the permission, whom it hands on. One middleware does both
 * that and the errors, of all use cases in one place: each costs every poll. In tRPC 11 `next()` does not throw: it
 * resolves to `{ ok: false }`.
 */
export const procedureFor = (permission: Permission) =>
  t.procedure.use(async ({ ctx, path, next }) => {
    const result = await next({ ctx: { actor: permitted(ctx, path, permission) } })
    // An input that fails its schema is a TRPCError by itself, with zod's error as the cause.
    if (result.ok || result.error.code === 'BAD_REQUEST') return result
    throw toTrpcError(ctx.deps.logger, result.error.cause ?? result.error, { path })
  })
