import 'server-only'
import type { BetterAuthPlugin } from 'better-auth'
import { createAuthMiddleware } from 'better-auth/api'
import { z } from 'zod'
import { attemptDigest, rememberDevice } from '~/server/auth/library/password-attempts'
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

/** Give a new session to who is signed in already. */
const EXCHANGES: ReadonlySet<string> = new Set(['/two-factor/verify-totp', '/two-factor/enable', '/two-factor/disable'])

const typed = z.object({ email: z.string().max(320) })
const owner = z.object({ userId: z.string() })

/**
 * What is remembered of each sign-in and sign-out. When it cannot be, the request fails and no cookie reaches the browser.
 */
export function signInTrail(deps: Pick<Deps, 'db' | 'now' | 'config' | 'newId'>): BetterAuthPlugin {
  return {
    id: 'console-trail',
    init: () => ({
      options: {
        databaseHooks: {
          session: {
            delete: {
              after: async (session, context) => {
                const { data } = owner.safeParse(session)
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
            // A session in exchange for another of the same person is no sign-in.
            const exchanged = EXCHANGES.has(path ?? '') && headers && sessionCookie(deps.config, headers) !== null
            if (exchanged) return
            const address = path === '/sign-in/email' ? typed.safeParse(body).data?.email : undefined
            const { newSession } = context
            if (path === '/change-password') {
              // Its new session is the old one under another name.
              if (newSession) {
                const { id: userId, email } = newSession.user
                await recordPasswordChange(deps, { userId, digest: addressDigest(deps.config, email) })
              }
            } else if (newSession !== null && newSession !== undefined) {
              // With the second factor, the password was right too.
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

/** 401 only: an address that is locked was recorded when it was. By shape: classes are doubled in the built server. */
const wasRefused = (returned: unknown): boolean =>
  returned instanceof Error && 'status' in returned && returned.status === 'UNAUTHORIZED'

/** Why a session is gone; null where the library takes back one nobody was given. */
function reasonOf(path: string | undefined): 'signed out' | 'revoked' | 'expired' | null {
  if (path === '/sign-out') return 'signed out'
  if (path === '/get-session') return 'expired'
  return path?.startsWith('/sign-in') || path?.startsWith('/two-factor/') ? null : 'revoked'
}
