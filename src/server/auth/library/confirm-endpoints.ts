import 'server-only'
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthEndpoint, sessionMiddleware } from 'better-auth/api'
import { z } from 'zod'
import { storableText } from '~/domain/input'
import { CHALLENGE_COOKIE, isPasskeyOf } from '~/server/auth/library/passkeys'
import { refuseWhenLocked } from '~/server/auth/library/password-attempts'
import { recordProof } from '~/server/auth/sessions/sessions'
import { sessionPasswordDigest } from '~/server/auth/sign-in/sign-in-attempts.sql'
import { recordFailedSignIn } from '~/server/auth/sign-in/sign-in-audit'
import type { Deps } from '~/server/deps'
import { isLocalSandbox, isSandboxOperator } from '~/server/members/sandbox-sign-in'

// The browser's answer; what of it holds is the verification's to say.
const response = z.custom<AuthenticationResponseJSON>(
  (value) => z.object({ id: storableText.max(1500), response: z.object({}) }).safeParse(value).success,
)

/**
 * `POST /api/auth/confirm/…`: somebody who is signed in proves again who they are, and this session is as good as new for
 * what is grave. No other session is. A wrong password counts as one at sign-in does.
 */
export function confirmEndpoints(deps: Deps) {
  const prove = async (session: { id: string; userId: string }, email: string, method: Method) => {
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
          const right =
            stored != null && (await ctx.context.password.verify({ hash: stored, password: ctx.body.password }))
          if (right) return ctx.json(await prove(session, user.email, 'password'))
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
          if (await isPasskeyOf(deps, user.id, answer)) return ctx.json(await prove(session, user.email, 'passkey'))
          const digest = sessionPasswordDigest(deps.config, user.email)
          await recordFailedSignIn(deps, { address: user.email, digest, method: 'passkey' })
          const message = 'That passkey is not one of this account, or took too long. Try again.'
          throw new APIError('FORBIDDEN', { code: 'WRONG_PASSKEY', message })
        },
      ),
      confirmInSandbox: createAuthEndpoint('/confirm/sandbox', { method: 'POST', use }, async (ctx) => {
        const { session, user } = ctx.context.session
        if (isLocalSandbox(deps, ctx.headers?.get('host') ?? '') && isSandboxOperator(deps, user.email))
          return ctx.json(await prove(session, user.email, 'sandbox'))
        throw new APIError('FORBIDDEN', {
          code: 'NOT_THE_SANDBOX',
          message: 'A click is enough only in the sandbox, and only on the machine it runs on.',
        })
      }),
    },
  } satisfies BetterAuthPlugin
}

type Method = 'password' | 'passkey' | 'sandbox'
