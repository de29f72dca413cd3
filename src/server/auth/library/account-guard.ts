import 'server-only'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import { z } from 'zod'
import { AppError, ERROR_CODES } from '~/domain/errors'
import { nameText, storableText } from '~/domain/input'
import { isReadable } from '~/server/auth/library/encryption'
import { refuseWhenLocked } from '~/server/auth/library/refuse-when-locked'
import { pendingUserId } from '~/server/auth/library/two-factor'
import { requireFreshProof } from '~/server/auth/rights/require-fresh-proof'
import { readSecondFactor } from '~/server/auth/second-factor/second-factors'
import { claimCode } from '~/server/auth/second-factor/used-codes'
import { recordWrongCode } from '~/server/auth/sign-in/record-sign-in'
import type { Deps } from '~/server/deps'
import { ownPasswordDigest } from '~/server/platform/address-digest'

/** Take the password of whoever is signed in: guessed here, it counts as at sign-in. */
export const PASSWORD_PATHS: ReadonlySet<string> = new Set([
  '/change-password',
  '/two-factor/enable',
  '/two-factor/disable',
  '/two-factor/generate-backup-codes',
])

/** Add a way to sign in, without asking for one. */
const PROOF_PATHS: ReadonlySet<string> = new Set([
  '/passkey/generate-register-options',
  '/passkey/verify-registration',
  '/link-social',
])

const CODE_PATHS: ReadonlySet<string> = new Set(['/two-factor/verify-totp', '/two-factor/verify-backup-code'])

const code = z.object({ code: storableText.max(100), trustDevice: z.literal(false).optional() })

/** A new passkey's name. */
const named = z.object({ name: nameText.nullish() })

const endsOthers = z.object({ revokeOtherSessions: z.literal(true) })

/** What the library does not ask before somebody's own account is changed, or a second factor is taken. */
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
            // What ends the other sessions is what writes the change down, and whoever knew the old password is to be out.
            if (ctx.path === '/change-password' && !endsOthers.safeParse(ctx.body).success) {
              throw new APIError('BAD_REQUEST', { code: 'SESSIONS_KEPT', message: SESSIONS_KEPT })
            }
            await refuseWhenLocked(deps, ownPasswordDigest(deps.config, found.user.email))
          }),
        },
        {
          matcher: ({ path }) => PROOF_PATHS.has(path ?? ''),
          handler: createAuthMiddleware(async (ctx) => {
            const found = await getSessionFromCtx(ctx)
            if (found === null) throw new APIError('UNAUTHORIZED', { code: 'signed_out', message: 'Sign in first.' })
            const { data: provedAt = null } = z.date().safeParse(found.session['provedAt'])
            refuseStaleProof(() => requireFreshProof(deps, { via: 'session', provedAt }, 'adding a way to sign in'))
            if (!named.safeParse({ ...ctx.query, ...ctx.body }).success) {
              throw new APIError('BAD_REQUEST', { code: 'invalid_input', message: UNNAMED })
            }
          }),
        },
        {
          matcher: ({ path }) => CODE_PATHS.has(path ?? ''),
          handler: createAuthMiddleware(async (ctx) => {
            const { data } = code.safeParse(ctx.body)
            // A browser that is trusted for a month would be a session nobody sees in the list.
            if (data === undefined) throw new APIError('BAD_REQUEST', { code: 'INVALID_CODE', message: WRONG })
            const signedIn = (await getSessionFromCtx(ctx))?.user ?? null
            const userId = signedIn?.id ?? (await pendingUserId(ctx))
            if (userId === null) return
            await refuseUnreadable(deps, userId)
            if (await claimCode(deps, userId, data.code)) return
            // At sign-in it may be somebody who looked on.
            if (signedIn === null) await recordWrongCode(deps, userId)
            throw new APIError('UNAUTHORIZED', { code: 'CODE_USED', message: USED })
          }),
        },
      ],
    },
  }
}

const WRONG = 'That is no code. Type the six digits the app shows now.'
const UNNAMED =
  'The name of a passkey is 1 to 100 characters, none of which is a control or format character. No passkey was added; choose another name.'
const USED = 'This code was given before, and each counts once. Wait for the next one.'
const SESSIONS_KEPT =
  'A new password ends every other session: send revokeOtherSessions with true. The password is still the old one.'
const UNREADABLE =
  'The console cannot read this account’s second factor: the secret it was kept under is no longer set. Nothing was changed and no code was used. Sign in with a passkey, or ask whoever runs the console to put the secret back.'

/** The library would fail with whatever decrypting says. */
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
