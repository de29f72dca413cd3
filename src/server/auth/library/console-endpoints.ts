import 'server-only'
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthEndpoint, sessionMiddleware } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { z } from 'zod'
import { ERROR_CODES } from '~/domain/errors'
import { storableText } from '~/domain/input'
import { acceptLinkInput } from '~/domain/member-input'
import { CHALLENGE_COOKIE, isPasskeyOf } from '~/server/auth/library/passkeys'
import { refuseWhenLocked } from '~/server/auth/library/password-attempts'
import { recordProof } from '~/server/auth/sessions/sessions'
import { sessionPasswordDigest } from '~/server/auth/sign-in/sign-in-attempts.sql'
import { recordFailedSignIn } from '~/server/auth/sign-in/sign-in-audit'
import type { Deps } from '~/server/deps'
import { acceptLink } from '~/server/members/manage/accept-link'
import { isLocalSandbox, isSandboxOperator } from '~/server/members/sandbox-sign-in'
import { logAppError, toAppError } from '~/server/platform/http/problem'

/** `POST /api/auth/links/accept`: uses a link, and signs in the person unless the account existed before. */
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
        if (user === null)
          throw new APIError('INTERNAL_SERVER_ERROR', {
            message: 'The account no longer exists. You were not signed in. Ask an admin for an invitation.',
          })
        await setSessionCookie(ctx, { session, user })
        return ctx.json({ ok: true })
      }),
    },
  } satisfies BetterAuthPlugin
}

/** The browser's answer. `isPasskeyOf` verifies it. */
const response = z.custom<AuthenticationResponseJSON>(
  (value) => z.object({ id: storableText.max(1500), response: z.object({}) }).safeParse(value).success,
)

/** `POST /api/auth/confirm/…`: gives this session a fresh proof of identity. An incorrect password is counted, as at sign-in. */
export function confirmEndpoints(deps: Deps) {
  const storeProof = async (session: { id: string; userId: string }, email: string, method: Method) => {
    const digest = method === 'password' ? sessionPasswordDigest(deps.config, email) : null
    await recordProof(deps.db, { sessionId: session.id, actor: email, method, digest, at: deps.now() })
    return { ok: true }
  }
  const use = [sessionMiddleware]
  return {
    id: 'console-confirm',
    endpoints: {
      confirmByPassword: createAuthEndpoint(
        '/confirm/password',
        { method: 'POST', use, body: z.object({ password: storableText.min(1).max(128) }) },
        async (ctx) => {
          const { session, user } = ctx.context.session
          await refuseWhenLocked(deps, sessionPasswordDigest(deps.config, user.email))
          const stored = (await ctx.context.internalAdapter.findCredentialAccount(user.id))?.password
          const isCorrect =
            stored != null && (await ctx.context.password.verify({ hash: stored, password: ctx.body.password }))
          if (isCorrect) return ctx.json(await storeProof(session, user.email, 'password'))
          await recordFailedSignIn(deps, {
            address: user.email,
            digest: sessionPasswordDigest(deps.config, user.email),
          })
          throw new APIError('FORBIDDEN', {
            code: 'WRONG_PASSWORD',
            message: 'Incorrect password. Nothing was done. Try again.',
          })
        },
      ),
      confirmByPasskey: createAuthEndpoint(
        '/confirm/passkey',
        { method: 'POST', use, body: z.object({ response }) },
        async (ctx) => {
          const { session, user } = ctx.context.session
          const cookie = ctx.context.createAuthCookie(CHALLENGE_COOKIE)
          const given = await ctx.getSignedCookie(cookie.name, ctx.context.secret)
          const kept = given ? await ctx.context.internalAdapter.consumeVerificationValue(given) : null
          const origin = ctx.headers?.get('origin') ?? ''
          const answer = { kept: kept?.value ?? '', response: ctx.body.response, origin }
          if (await isPasskeyOf(deps, user.id, answer))
            return ctx.json(await storeProof(session, user.email, 'passkey'))
          const digest = sessionPasswordDigest(deps.config, user.email)
          await recordFailedSignIn(deps, { address: user.email, digest, method: 'passkey' })
          const message =
            'The passkey does not belong to this account, or the time ran out. Nothing was done. Try again.'
          throw new APIError('FORBIDDEN', { code: 'WRONG_PASSKEY', message })
        },
      ),
      confirmInSandbox: createAuthEndpoint('/confirm/sandbox', { method: 'POST', use }, async (ctx) => {
        const { session, user } = ctx.context.session
        if (isLocalSandbox(deps, ctx.headers?.get('host') ?? '') && isSandboxOperator(deps, user.email))
          return ctx.json(await storeProof(session, user.email, 'sandbox'))
        throw new APIError('FORBIDDEN', {
          code: 'NOT_THE_SANDBOX',
          message:
            'Confirming without a password works only in the sandbox, on its own machine. Nothing was done. Use a password or a passkey.',
        })
      }),
    },
  } satisfies BetterAuthPlugin
}

type Method = 'password' | 'passkey' | 'sandbox'
