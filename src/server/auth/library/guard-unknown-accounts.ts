import 'server-only'
import { getCurrentAuthEndpointContext } from '@better-auth/core/context'
import type { BetterAuthOptions } from 'better-auth'
import { APIError } from 'better-auth/api'
import { z } from 'zod'
import type { Role } from '~/domain/permissions'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { isProofRequested, providerReturn } from '~/server/auth/library/providers/provider-return'
import { addressDigest } from '~/server/auth/sign-in/sign-in-attempts.sql'
import { recordFailedSignIn, signInMethodOf } from '~/server/auth/sign-in/sign-in-audit'
import type { Deps } from '~/server/deps'
import { recordAccessGiven } from '~/server/members/access-given.sql'
import { findInvitationFor, takeLink } from '~/server/members/invitations'
import { isMakerStillAdmin, revokeOpenLinks } from '~/server/members/manage/links'
import { addMember, readAddress, readMember } from '~/server/members/members'

/** The code of a refused person whose identity was proved. The refusal is already audited. */
export const NOT_A_MEMBER = 'not_a_member'

type ValidateUserInfo = NonNullable<NonNullable<BetterAuthOptions['user']>['validateUserInfo']>

/**
 * Admits only members, and people with an invitation or on an allow-list, who become members here. An identity from a provider is
 * checked before the library writes anything; the decision is kept with the request until the session is made.
 */
export function guardUnknownAccounts(deps: Pick<Deps, 'db' | 'now' | 'newId' | 'config'>) {
  const decided = new WeakMap<object, Admission>()
  const requestOf = async () => (await getCurrentAuthEndpointContext()).context

  const validateUserInfo: ValidateUserInfo = async ({ user, source }) => {
    // Connecting an account requires a session and a fresh proof.
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

  /** Refuses a session to anybody who is not a member, whatever the sign-in method. */
  const beforeSession = async (session: { readonly userId: string }) => {
    const { context, path, params } = await getCurrentAuthEndpointContext()
    const method = signInMethodOf(path, params?.['id'])
    // The person proved the identity to the provider, at the time that the provider names.
    const { identity } = await providerReturn.get()
    const proof =
      identity === null
        ? {}
        : { provedAt: identity.provedAt, ...((await isProofRequested()) && { proofAskedOf: method }) }
    const member = await readMember(deps.db, session.userId)
    if (member !== null && member.suspendedAt === null) return { data: proof }
    const admission = member === null ? decided.get(context) : undefined
    if (admission !== undefined && (await admit(deps, session.userId, admission))) return { data: proof }
    const address = await readAddress(deps.db, session.userId)
    await recordFailedSignIn(deps, { address, digest: addressDigest(deps.config, address), method })
    throw new APIError('FORBIDDEN', {
      code: NOT_A_MEMBER,
      message: 'This account has no access to the console. You were not signed in. Ask an admin for an invitation.',
    })
  }

  return { validateUserInfo, beforeSession }
}

interface Admission {
  readonly provider: string
  readonly email: string
  /** The reason in the audit trail. */
  readonly because: 'invitation' | 'email domain' | 'GitHub'
  readonly role: Role
  readonly environments: readonly string[] | null
  readonly addedBy: string
  readonly invitationId: string | null
}

interface Identity {
  readonly provider: string
  readonly email: string
  readonly emailVerified: boolean
  readonly profile: unknown
}

/** Set by `gitHubProvider`, which asked GitHub with the person's token. */
const gitHubProfile = z.object({ onAllowList: z.literal(true) })

/**
 * Why an unknown person with an identity from a provider is admitted, or null. The provider must have verified the address.
 * Without an invitation, the person becomes a viewer.
 */
async function findAdmission(
  { db, now, config }: Pick<Deps, 'db' | 'now' | 'config'>,
  { provider, emailVerified, profile, ...identity }: Identity,
): Promise<Admission | null> {
  if (!emailVerified) return null
  const email = identity.email.toLowerCase()
  const invitation = await findInvitationFor(db, email, now())
  if (invitation !== null && (await isMakerStillAdmin(db, invitation))) {
    const { role, environments, createdBy: addedBy, id: invitationId } = invitation
    return { provider, email, because: 'invitation', role, environments, addedBy, invitationId }
  }
  const least = {
    provider,
    email,
    role: 'viewer',
    environments: null,
    addedBy: 'allow-list',
    invitationId: null,
  } as const
  if (isOfDomain(email, config.providers.allowedDomains)) return { ...least, because: 'email domain' }
  return provider === 'github' && gitHubProfile.safeParse(profile).success ? { ...least, because: 'GitHub' } : null
}

/** Requires a single @: `a@evil.example@acme.example` belongs to no domain. */
function isOfDomain(email: string, domains: readonly string[]): boolean {
  const [local, domain, more] = email.split('@')
  return Boolean(local) && more === undefined && domain !== undefined && domains.includes(domain)
}

/** Makes the person a member. Returns false if the invitation was used or revoked meanwhile. */
function admit(
  { db, now, newId }: Pick<Deps, 'db' | 'now' | 'newId'>,
  userId: string,
  { provider, because, role, environments, addedBy, invitationId }: Admission,
): Promise<boolean> {
  return db.$transaction(async (tx) => {
    const at = now()
    if (invitationId !== null && !(await takeLink(tx, invitationId, userId, at))) return false
    await addMember(tx, { userId, role, environments, addedBy, at })
    await recordAccessGiven({ newId }, tx, { userId, by: addedBy, at })
    const payload = { provider, because, role, environments }
    const email = await readAddress(tx, userId)
    const subject = { actor: email, at }
    await revokeOpenLinks(tx, { email }, subject)
    await appendAuditEvent(tx, subject, { action: 'console.member.admitted', status: null, payload })
    return true
  })
}
