import 'server-only'
import type { createAuthMiddleware } from 'better-auth/api'
import { twoFactor } from 'better-auth/plugins/two-factor'

type Context = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0]

/** Codes of an authenticator app, for who signs in with a password. A passkey stands for both factors by itself. */
export function secondFactor() {
  return twoFactor({
    issuer: 'Deploy Console',
    // Wrong codes in a row, over all sign-ins of the account; five within one (NIST SP 800-63B, 5.2.2).
    accountLockout: { maxFailedAttempts: 10, durationSeconds: 15 * 60 },
    backupCodeOptions: { amount: 10, length: 10, storeBackupCodes: 'encrypted' },
  })
}

/** The plugin's own name for the sign-in that waits for a code. */
const PENDING_COOKIE = 'two_factor'

/** Whose sign-in waits for the second factor in this browser; null where none does. */
export async function pendingUserId(ctx: Context): Promise<string | null> {
  const cookie = ctx.context.createAuthCookie(PENDING_COOKIE)
  const identifier = await ctx.getSignedCookie(cookie.name, ctx.context.secret)
  if (!identifier) return null
  return (await ctx.context.internalAdapter.findVerificationValue(identifier))?.value ?? null
}
