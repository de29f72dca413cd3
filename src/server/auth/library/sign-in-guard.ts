import 'server-only'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthMiddleware } from 'better-auth/api'
import { z } from 'zod'
import { ASK_ANEW } from '~/domain/account'
import { safeNextPath } from '~/domain/next-path'
import { attemptDigest, refuseWhenLocked } from '~/server/auth/library/password-attempts'
import { markProofRound } from '~/server/auth/library/providers/provider-return'
import type { Deps } from '~/server/deps'

/**
 * What of the library may be called. Everything else is refused, also what a later version of it adds: each has to be
 * thought about first.
 */
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

/** A page of this console. */
const ownPage = z.string().refine((path) => safeNextPath(path) === path)

/** No tokens from elsewhere, no scopes of one's own: the way through the provider's page, and back. */
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

/** Whatever else was typed is no address: the library refuses it before any password is looked at. */
const typed = z.object({ email: z.email().max(320) })

/**
 * Before the library looks at a password: the attempt is counted first, so that many at once cannot outrun the count, and
 * an address with too many wrong ones has to wait. The lock is short and grows (OWASP Authentication Cheat Sheet, "Account
 * Lockout"), is the same for addresses nobody has, and stops no other way of signing in, no session, and no browser that the
 * address's owner has signed in with before: those are counted each on its own.
 */
export function signInGuard(deps: Pick<Deps, 'db' | 'now' | 'config'>): BetterAuthPlugin {
  return {
    id: 'console-guard',
    hooks: {
      before: [
        {
          matcher: ({ path }) => !OPEN_PATHS.has(path ?? ''),
          handler: createAuthMiddleware(async () => {
            throw new APIError('NOT_FOUND', { code: 'NOT_OFFERED', message: 'The console does not offer this.' })
          }),
        },
        {
          matcher: ({ path }) => path === '/sign-in/social' || path === '/link-social',
          handler: createAuthMiddleware(async ({ body }) => {
            const { data } = atProvider.safeParse(body)
            if (data?.additionalParams !== undefined) await markProofRound()
            if (data !== undefined) return
            throw new APIError('BAD_REQUEST', { code: 'NOT_OFFERED', message: 'The console does not offer this.' })
          }),
        },
        {
          matcher: ({ path }) => path === '/sign-in/email',
          handler: createAuthMiddleware(async (ctx) => {
            const { data } = typed.safeParse(ctx.body)
            if (data !== undefined) await refuseWhenLocked(deps, attemptDigest(deps.config, ctx, data.email))
          }),
        },
      ],
    },
  }
}
