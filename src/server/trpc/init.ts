import 'server-only'
import { initTRPC } from '@trpc/server'
import { ZodError, z } from 'zod'
import type { Actor } from '~/domain/actor'
import { AppError, type ErrorCode } from '~/domain/errors'
import type { Permission } from '~/domain/permissions'
import { authorize } from '~/server/auth/authorize'
import { limitAccount } from '~/server/http/rate-limits'
import type { Context } from '~/server/trpc/context'
import { toTrpcError, unexpectedError } from '~/server/trpc/to-trpc-error'
import { transformer } from '~/server/trpc/transformer'

const t = initTRPC.context<Context>().create({
  transformer,
  /** What the screen gets of an error: its code in the one table, and a sentence for the operator. */
  errorFormatter({ shape, error }) {
    const { cause } = error
    const unexpected = unexpectedError(error)
    const appError = cause instanceof AppError ? cause : unexpected
    const appCode: ErrorCode | null = appError?.code ?? (error.code === 'BAD_REQUEST' ? 'invalid_input' : null)
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
    return ctx.call.counted ? actor : limitAccount(ctx.deps, actor)
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
