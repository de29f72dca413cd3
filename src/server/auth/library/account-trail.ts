import 'server-only'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthMiddleware } from 'better-auth/api'
import { z } from 'zod'
import type { AccountChange } from '~/domain/audit/event'
import { PASSWORD_PATHS } from '~/server/auth/library/account-guard'
import { NOT_A_MEMBER } from '~/server/auth/library/guard-unknown-accounts'
import { pendingUserId } from '~/server/auth/library/two-factor'
import { recordAccountChange } from '~/server/auth/sign-in/account-changes'
import { recordFailedSignIn, recordWrongCode } from '~/server/auth/sign-in/record-sign-in'
import type { Deps } from '~/server/deps'
import { ownPasswordDigest } from '~/server/platform/address-digest'

const CHANGES: Readonly<Record<string, AccountChange>> = {
  '/passkey/verify-registration': 'passkey added',
  '/two-factor/disable': 'second factor off',
  '/two-factor/generate-backup-codes': 'backup codes made',
}

/** What is remembered of changes people make to their own accounts, and of second factors that were wrong. */
export function accountTrail(deps: Deps): BetterAuthPlugin {
  const failed = async (address: string, method: string) =>
    recordFailedSignIn(deps, { address, digest: ownPasswordDigest(deps.config, address), method })
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
            const digest = PASSWORD_PATHS.has(path ?? '') ? ownPasswordDigest(deps.config, user.email) : null
            const change = CHANGES[path ?? ''] ?? null
            await recordAccountChange(deps.db, { actor: user.email, at: deps.now(), change, digest })
          }),
        },
        {
          matcher: ({ path }) => path === '/passkey/verify-authentication',
          handler: createAuthMiddleware(async ({ context }) => {
            const refusal = refusalOf(context.returned)
            // Whose it was meant to be is not known.
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
              // Whoever is signed in gives a code for one reason: to switch the second factor on.
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

/** The code of a refusal, or null for an answer. By shape: classes are doubled in the built server. */
function refusalOf(returned: unknown): string | null {
  if (!(returned instanceof APIError) && !(returned instanceof Error)) return null
  const said = z.object({ body: z.object({ code: z.string() }) }).safeParse(returned)
  return said.data?.body.code ?? 'unknown'
}
