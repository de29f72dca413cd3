import 'server-only'
import type { createAuthMiddleware } from 'better-auth/api'
import { PENDING_COOKIE } from '~/server/auth/second-factor/two-factor'

type Context = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0]

/** Whose sign-in waits for the second factor in this browser; null where none does. */
export async function pendingUserId(ctx: Context): Promise<string | null> {
  const cookie = ctx.context.createAuthCookie(PENDING_COOKIE)
  const identifier = await ctx.getSignedCookie(cookie.name, ctx.context.secret)
  if (!identifier) return null
  return (await ctx.context.internalAdapter.findVerificationValue(identifier))?.value ?? null
}
