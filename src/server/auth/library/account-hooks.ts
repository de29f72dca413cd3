import 'server-only'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import { twoFactor } from 'better-auth/plugins/two-factor'
import { z } from 'zod'
import type { AccountChange } from '~/domain/audit/event'
import { AppError, ERROR_CODES } from '~/domain/errors'
import { nameText, storableText } from '~/domain/input'
import { requireFreshProof } from '~/server/auth/authorize'
import { isReadable } from '~/server/auth/library/encryption'
import { NOT_A_MEMBER } from '~/server/auth/library/guard-unknown-accounts'
import { refuseWhenLocked } from '~/server/auth/library/password-attempts'
import { claimCode, readSecondFactor } from '~/server/auth/second-factors'
import { sessionPasswordDigest } from '~/server/auth/sign-in/sign-in-attempts.sql'
import { recordAccountChange, recordFailedSignIn, recordWrongCode } from '~/server/auth/sign-in/sign-in-audit'
import type { Deps } from '~/server/deps'

/** Paths that ask a signed-in person for the password. An incorrect one is counted, as at sign-in. */
const PASSWORD_PATHS: ReadonlySet<string> = new Set([
  '/change-password',
  '/two-factor/enable',
  '/two-factor/disable',
  '/two-factor/generate-backup-codes',
])

/** Paths that add a way to sign in. The library does not ask for a fresh proof. */
const PROOF_PATHS: ReadonlySet<string> = new Set([
  '/passkey/generate-register-options',
  '/passkey/verify-registration',
  '/link-social',
])

const CODE_PATHS: ReadonlySet<string> = new Set(['/two-factor/verify-totp', '/two-factor/verify-backup-code'])

/** `trustDevice` is refused: a trusted browser would skip the code for a month and appear in no list of sessions. */
const typedCode = z.object({ code: storableText.max(100), trustDevice: z.literal(false).optional() })

const passkeyName = z.object({ name: nameText.nullish() })

const endsOthers = z.object({ revokeOtherSessions: z.literal(true) })

/** Checks that the library lacks before a person's account is changed, or a second factor is accepted. */
export function accountGuard(deps: Deps): BetterAuthPlugin {
  return {
    id: 'console-account-guard',
    hooks: {
      before: [
        {
          matcher: ({ path }) => PASSWORD_PATHS.has(path ?? ''),
          handler: createAuthMiddleware(async (ctx) => {
            const found = await getSessionFromCtx(ctx)
            if (found === null) return
            // The change is recorded when the other sessions end. They must end, because somebody may know the old password.
            if (ctx.path === '/change-password' && !endsOthers.safeParse(ctx.body).success) {
              throw new APIError('BAD_REQUEST', { code: 'SESSIONS_KEPT', message: SESSIONS_KEPT })
            }
            await refuseWhenLocked(deps, sessionPasswordDigest(deps.config, found.user.email))
          }),
        },
        {
          matcher: ({ path }) => PROOF_PATHS.has(path ?? ''),
          handler: createAuthMiddleware(async (ctx) => {
            const found = await getSessionFromCtx(ctx)
            if (found === null)
              throw new APIError('UNAUTHORIZED', {
                code: 'signed_out',
                message: 'You are not signed in. Nothing was done. Sign in first.',
              })
            const { data: provedAt = null } = z.date().safeParse(found.session['provedAt'])
            refuseStaleProof(() => requireFreshProof(deps, { via: 'session', provedAt }, 'adding a way to sign in'))
            if (!passkeyName.safeParse({ ...ctx.query, ...ctx.body }).success) {
              throw new APIError('BAD_REQUEST', { code: 'invalid_input', message: UNNAMED })
            }
          }),
        },
        {
          matcher: ({ path }) => CODE_PATHS.has(path ?? ''),
          handler: createAuthMiddleware(async (ctx) => {
            const { data } = typedCode.safeParse(ctx.body)
            if (data === undefined) throw new APIError('BAD_REQUEST', { code: 'INVALID_CODE', message: WRONG })
            const signedIn = (await getSessionFromCtx(ctx))?.user ?? null
            const userId = signedIn?.id ?? (await pendingUserId(ctx))
            if (userId === null) return
            await refuseUnreadable(deps, userId)
            if (await claimCode(deps, userId, data.code)) return
            // At sign-in, reusing a code may be an attack with a copied code, so it counts as an incorrect one.
            if (signedIn === null) await recordWrongCode(deps, userId)
            throw new APIError('UNAUTHORIZED', { code: 'CODE_USED', message: USED })
          }),
        },
      ],
    },
  }
}

const WRONG = 'Incorrect code. Nothing was done. Type the six digits that the app shows now.'
const UNNAMED =
  'The name of a passkey must have 1 to 100 characters, without control or format characters. No passkey was added. Choose another name.'
const USED = 'This code was already used. Nothing was done. Wait for the next code.'
const SESSIONS_KEPT =
  'A new password must end every other session. The password was not changed. Send revokeOtherSessions with true.'
const UNREADABLE =
  'The console cannot decrypt this account’s second factor, because a secret was removed from AUTH_SECRET. Nothing was changed, and no code was used. Sign in with a passkey, or ask an operator of the console to add the secret again.'

/** Refuses before the library tries to decrypt, because its error would not say what to do. */
async function refuseUnreadable({ db, config }: Pick<Deps, 'db' | 'config'>, userId: string): Promise<void> {
  const kept = await readSecondFactor(db, userId)
  if (kept === null) return
  if ([kept.secret, kept.backupCodes].every((value) => isReadable(config.authSecrets, value))) return
  throw new APIError('SERVICE_UNAVAILABLE', { code: 'SECOND_FACTOR_UNREADABLE', message: UNREADABLE })
}

function refuseStaleProof(check: () => void): void {
  try {
    check()
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown
    const { code: appCode, message } = thrown
    throw new APIError(ERROR_CODES[appCode].http, { code: appCode, message })
  }
}

const CHANGES: Readonly<Record<string, AccountChange>> = {
  '/passkey/verify-registration': 'passkey added',
  '/two-factor/disable': 'second factor off',
  '/two-factor/generate-backup-codes': 'backup codes made',
}

/** Audits changes that people make to their own accounts, and incorrect second factors. */
export function accountTrail(deps: Deps): BetterAuthPlugin {
  const failed = async (address: string, method: string) =>
    recordFailedSignIn(deps, { address, digest: sessionPasswordDigest(deps.config, address), method })
  return {
    id: 'console-account-trail',
    hooks: {
      after: [
        {
          matcher: ({ path }) => PASSWORD_PATHS.has(path ?? '') || CHANGES[path ?? ''] !== undefined,
          handler: createAuthMiddleware(async ({ context, path }) => {
            const user = context.session?.user
            if (user === undefined) return
            const refusal = refusalOf(context.returned)
            if (refusal === 'INVALID_PASSWORD') return await failed(user.email, 'password')
            if (refusal !== null) return
            const digest = PASSWORD_PATHS.has(path ?? '') ? sessionPasswordDigest(deps.config, user.email) : null
            const change = CHANGES[path ?? ''] ?? null
            await recordAccountChange(deps.db, { actor: user.email, at: deps.now(), change, digest })
          }),
        },
        {
          matcher: ({ path }) => path === '/passkey/verify-authentication',
          handler: createAuthMiddleware(async ({ context }) => {
            const refusal = refusalOf(context.returned)
            // The passkey's owner is unknown.
            if (refusal !== null && refusal !== NOT_A_MEMBER) await failed('', 'passkey')
          }),
        },
        {
          matcher: ({ path }) => path === '/two-factor/verify-totp' || path === '/two-factor/verify-backup-code',
          handler: createAuthMiddleware(async (ctx) => {
            const { context, path } = ctx
            const refusal = refusalOf(context.returned)
            const user = context.session?.user
            if (user !== undefined) {
              // A signed-in person gives a code only to switch the second factor on.
              if (refusal !== null || path !== '/two-factor/verify-totp') return
              const change = 'second factor on'
              return await recordAccountChange(deps.db, { actor: user.email, at: deps.now(), change, digest: null })
            }
            if (refusal === null || refusal === NOT_A_MEMBER) return
            const pending = await pendingUserId(ctx)
            if (pending !== null) await recordWrongCode(deps, pending)
          }),
        },
      ],
    },
  }
}

/**
 * The code of a refusal, or null for an answer. Checks the shape, because the bundled server contains two copies of the class, so
 * `instanceof` fails.
 */
function refusalOf(returned: unknown): string | null {
  if (!(returned instanceof APIError) && !(returned instanceof Error)) return null
  const said = z.object({ body: z.object({ code: z.string() }) }).safeParse(returned)
  return said.data?.body.code ?? 'unknown'
}

type Context = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0]

/** Codes of an authenticator app, after a password. A passkey replaces both. */
export function secondFactor() {
  return twoFactor({
    issuer: 'Deploy Console',
    // Incorrect codes in a row, over all sign-ins of the account (NIST SP 800-63B, 5.2.2). One sign-in allows five.
    accountLockout: { maxFailedAttempts: 10, durationSeconds: 15 * 60 },
    backupCodeOptions: { amount: 10, length: 10, storeBackupCodes: 'encrypted' },
  })
}

/** The plugin's cookie of a sign-in that waits for a code. */
const PENDING_COOKIE = 'two_factor'

/** The person whose sign-in waits for a second factor in this browser. Null if there is none. */
async function pendingUserId(ctx: Context): Promise<string | null> {
  const cookie = ctx.context.createAuthCookie(PENDING_COOKIE)
  const identifier = await ctx.getSignedCookie(cookie.name, ctx.context.secret)
  if (!identifier) return null
  return (await ctx.context.internalAdapter.findVerificationValue(identifier))?.value ?? null
}
