import 'server-only'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { ERROR_CODES } from '~/domain/errors'
import { acceptLinkInput } from '~/domain/member'
import type { Deps } from '~/server/deps'
import { acceptLink } from '~/server/people/accept-link'
import { logAppError, toAppError } from '~/server/platform/http/problem'

/** `POST /api/auth/links/accept`: uses a setup link or an invitation up, and signs in whom it let in. */
export function acceptLinkEndpoint(deps: Deps) {
  return {
    id: 'console-links',
    endpoints: {
      acceptLink: createAuthEndpoint('/links/accept', { method: 'POST', body: acceptLinkInput }, async (ctx) => {
        const { internalAdapter, password } = ctx.context
        const { userId, signsIn } = await acceptLink(deps, ctx.body, {
          hash: password.hash,
          host: ctx.headers?.get('host') ?? '',
        }).catch((thrown: unknown) => {
          const error = toAppError(thrown)
          logAppError(deps.logger, error, { path: '/api/auth/links/accept' })
          const { code, message } = error
          throw new APIError(ERROR_CODES[code].http, { code, message })
        })
        if (!signsIn) return ctx.json({ ok: true })
        const user = await internalAdapter.findUserById(userId)
        const session = await internalAdapter.createSession(userId)
        if (user === null) throw new APIError('INTERNAL_SERVER_ERROR', { message: 'The account is gone.' })
        await setSessionCookie(ctx, { session, user })
        return ctx.json({ ok: true })
      }),
    },
  } satisfies BetterAuthPlugin
}
