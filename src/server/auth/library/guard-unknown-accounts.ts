import 'server-only'
import { getCurrentAuthEndpointContext } from '@better-auth/core/context'
import type { BetterAuthOptions } from 'better-auth'
import { APIError } from 'better-auth/api'
import { asksForProof, providerReturn } from '~/server/auth/library/providers/provider-return'
import { type Admission, admit, findAdmission } from '~/server/auth/sign-in/admission'
import { addressDigest } from '~/server/auth/sign-in/sign-in-attempts.sql'
import { recordFailedSignIn, signInMethodOf } from '~/server/auth/sign-in/sign-in-audit'
import type { Deps } from '~/server/deps'
import { readAddress, readMember } from '~/server/members/members'

/** The refusal of who proved who they are and may not come in; it is in the trail by then. */
export const NOT_A_MEMBER = 'not_a_member'

type ValidateUserInfo = NonNullable<NonNullable<BetterAuthOptions['user']>['validateUserInfo']>

/**
 * Who gets in. Nobody, unless they are a member, or are made one here: by an invitation, or an allow-list. A provider's
 * word is judged before the library writes anything; what was decided is kept with the request until the session is made.
 */
export function guardUnknownAccounts(deps: Pick<Deps, 'db' | 'now' | 'newId' | 'config'>) {
  const decided = new WeakMap<object, Admission>()
  const requestOf = async () => (await getCurrentAuthEndpointContext()).context

  const validateUserInfo: ValidateUserInfo = async ({ user, source }) => {
    // Connecting an account is done by somebody who is signed in, and has just proved it.
    if (source.method !== 'oauth' || source.action === 'link-account') return
    const member = typeof user.id === 'string' ? await readMember(deps.db, user.id) : null
    if (member !== null) return
    const email = user.email ?? ''
    const provider = source.oauth?.providerId ?? 'unknown'
    const profile = source.oauth?.profile
    const admission = await findAdmission(deps, {
      provider,
      email,
      emailVerified: user.emailVerified === true,
      profile,
    })
    if (admission !== null) {
      decided.set(await requestOf(), admission)
      return
    }
    await recordFailedSignIn(deps, { address: email, digest: addressDigest(deps.config, email), method: provider })
    return user.emailVerified === true ? { error: 'not_admitted' } : { error: 'email_not_verified' }
  }

  /** No session for whoever is no member, or no longer one, however they proved who they are. */
  const beforeSession = async (session: { readonly userId: string }) => {
    const { context, path, params } = await getCurrentAuthEndpointContext()
    const method = signInMethodOf(path, params?.['id'])
    // Whoever a provider sent back proved who they are there, and then.
    const { identity } = await providerReturn.get()
    const proof =
      identity === null ? {} : { provedAt: identity.provedAt, ...((await asksForProof()) && { proofAskedOf: method }) }
    const member = await readMember(deps.db, session.userId)
    if (member !== null && member.suspendedAt === null) return { data: proof }
    const admission = member === null ? decided.get(context) : undefined
    if (admission !== undefined && (await admit(deps, session.userId, admission))) return { data: proof }
    const address = await readAddress(deps.db, session.userId)
    await recordFailedSignIn(deps, { address, digest: addressDigest(deps.config, address), method })
    throw new APIError('FORBIDDEN', {
      code: NOT_A_MEMBER,
      message: 'This account has no access to the console. You were not signed in; ask an admin for an invitation.',
    })
  }

  return { validateUserInfo, beforeSession }
}
