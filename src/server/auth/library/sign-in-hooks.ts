import 'server-only'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthMiddleware } from 'better-auth/api'
import { z } from 'zod'
import { ASK_ANEW } from '~/domain/account'
import { safeNextPath } from '~/domain/next-path'
import { attemptDigest, refuseWhenLocked, rememberDevice } from '~/server/auth/library/password-attempts'
import { requestProof } from '~/server/auth/library/providers/provider-return'
import { sessionCookie } from '~/server/auth/sessions/session-cookie'
import { addressDigest } from '~/server/auth/sign-in/sign-in-attempts.sql'
import {
  recordFailedSignIn,
  recordPasswordChange,
  recordSignIn,
  recordSignOut,
  signInMethodOf,
} from '~/server/auth/sign-in/sign-in-audit'
import type { Deps } from '~/server/deps'

/** The paths of the library that may be called. All others are refused, so that a new version opens nothing by itself. */
const OPEN_PATHS: ReadonlySet<string> = new Set([
  '/sign-in/email',
  '/sign-out',
  '/get-session',
  '/links/accept',
  '/confirm/password',
  '/confirm/passkey',
  '/confirm/sandbox',
  '/passkey/generate-authenticate-options',
  '/passkey/verify-authentication',
  '/passkey/generate-register-options',
  '/passkey/verify-registration',
  '/change-password',
  '/sign-in/social',
  '/link-social',
  '/callback/:id',
  '/two-factor/enable',
  '/two-factor/disable',
  '/two-factor/verify-totp',
  '/two-factor/verify-backup-code',
  '/two-factor/generate-backup-codes',
])

const ownPage = z.string().refine((path) => safeNextPath(path) === path)

/** Refuses unknown members, so that a caller cannot send tokens or scopes and must use the provider's page. */
const atProvider = z.strictObject({
  provider: z.enum(['github', 'oidc']),
  callbackURL: ownPage,
  errorCallbackURL: z
    .string()
    .regex(/^\/(account|sign-in\?next=[\w%.~!'()*-]*)$/)
    .optional(),
  additionalParams: z
    .strictObject({ prompt: z.literal(ASK_ANEW.prompt), max_age: z.literal(ASK_ANEW.max_age) })
    .optional(),
})

/** The library refuses any other text before it checks a password. */
const typedEmail = z.object({ email: z.email().max(320) })

/**
 * Refuses paths that the console does not offer, and counts passwords before they are checked. The lock of an address is short
 * and grows (OWASP Authentication Cheat Sheet, "Account Lockout"), and is the same for unknown addresses.
 */
export function signInGuard(deps: Pick<Deps, 'db' | 'now' | 'config'>): BetterAuthPlugin {
  return {
    id: 'console-guard',
    hooks: {
      before: [
        {
          matcher: ({ path }) => !OPEN_PATHS.has(path ?? ''),
          handler: createAuthMiddleware(async () => {
            throw new APIError('NOT_FOUND', { code: 'NOT_OFFERED', message: NOT_OFFERED })
          }),
        },
        {
          matcher: ({ path }) => path === '/sign-in/social' || path === '/link-social',
          handler: createAuthMiddleware(async ({ body }) => {
            const { data } = atProvider.safeParse(body)
            if (data?.additionalParams !== undefined) await requestProof()
            if (data !== undefined) return
            throw new APIError('BAD_REQUEST', { code: 'NOT_OFFERED', message: NOT_OFFERED })
          }),
        },
        {
          matcher: ({ path }) => path === '/sign-in/email',
          handler: createAuthMiddleware(async (ctx) => {
            const { data } = typedEmail.safeParse(ctx.body)
            if (data !== undefined) await refuseWhenLocked(deps, attemptDigest(deps.config, ctx, data.email))
          }),
        },
      ],
    },
  }
}

const NOT_OFFERED = 'The console does not offer this. Nothing was done. Use the console’s own pages.'

/** Paths that replace the session of a signed-in person. */
const EXCHANGES: ReadonlySet<string> = new Set(['/two-factor/verify-totp', '/two-factor/enable', '/two-factor/disable'])

const typedText = z.object({ email: z.string().max(320) })
const sessionOwner = z.object({ userId: z.string() })

/** Audits every sign-in and sign-out. If that fails, the request fails, and no cookie reaches the browser. */
export function signInTrail(deps: Pick<Deps, 'db' | 'now' | 'config' | 'newId'>): BetterAuthPlugin {
  return {
    id: 'console-trail',
    init: () => ({
      options: {
        databaseHooks: {
          session: {
            delete: {
              after: async (session, context) => {
                const { data } = sessionOwner.safeParse(session)
                if (data === undefined) return
                const reason = reasonOf(context?.path)
                if (reason !== null) await recordSignOut(deps, data.userId, reason)
              },
            },
          },
        },
      },
    }),
    hooks: {
      after: [
        {
          matcher: () => true,
          handler: createAuthMiddleware(async (ctx) => {
            const { context, path, params, body, headers } = ctx
            // Replacing a session of the same person is not a sign-in.
            const exchanged = EXCHANGES.has(path ?? '') && headers && sessionCookie(deps.config, headers) !== null
            if (exchanged) return
            const address = path === '/sign-in/email' ? typedText.safeParse(body).data?.email : undefined
            const { newSession } = context
            if (path === '/change-password') {
              // The new session replaces the old one.
              if (newSession) {
                const { id: userId, email } = newSession.user
                await recordPasswordChange(deps, { userId, digest: addressDigest(deps.config, email) })
              }
            } else if (newSession !== null && newSession !== undefined) {
              // A second factor follows a correct password, so that count is reset, too.
              const counted = path?.startsWith('/two-factor/') ? newSession.user.email : address
              const digest = counted === undefined ? null : attemptDigest(deps.config, ctx, counted)
              await recordSignIn(deps, {
                userId: newSession.user.id,
                method: signInMethodOf(path, params?.['id']),
                digest,
              })
              rememberDevice(deps.config, ctx, newSession.user.email)
            } else if (address !== undefined && wasRefused(context.returned)) {
              await recordFailedSignIn(deps, { address, digest: attemptDigest(deps.config, ctx, address) })
            }
          }),
        },
      ],
    },
  }
}

/**
 * Only 401: a lock is recorded when it begins. Checks the shape, because the bundled server contains two copies of the class, so
 * `instanceof` fails.
 */
const wasRefused = (returned: unknown): boolean =>
  returned instanceof Error && 'status' in returned && returned.status === 'UNAUTHORIZED'

/** Why a session ended. Null if the library withdraws a session that no browser received. */
function reasonOf(path: string | undefined): 'signed out' | 'revoked' | 'expired' | null {
  if (path === '/sign-out') return 'signed out'
  if (path === '/get-session') return 'expired'
  return path?.startsWith('/sign-in') || path?.startsWith('/two-factor/') ? null : 'revoked'
}
