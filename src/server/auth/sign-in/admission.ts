import 'server-only'
import { z } from 'zod'
import type { Role } from '~/domain/permissions'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'
import { findInvitationFor, takeLink } from '~/server/members/invitations'
import { addMember, readAddress } from '~/server/members/members'
import { recordGiven } from '~/server/people/record-given'
import { takeBackLinks } from '~/server/people/take-back-links'
import { linkHolds } from '~/server/people/usable-link'

export interface Admission {
  readonly provider: string
  readonly email: string
  /** What the audit trail says of it. */
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

/** Set by the console itself when it asked GitHub with the person's token, see github-provider. */
const asked = z.object({ onAllowList: z.literal(true) })

/**
 * Why somebody whom a provider named may come in although nobody knows them yet; null: they may not. The address has to be
 * one the provider verified, whichever list it is on. Whoever was not invited gets the least role: an admin gives more.
 */
export async function findAdmission(
  { db, now, config }: Pick<Deps, 'db' | 'now' | 'config'>,
  { provider, emailVerified, profile, ...identity }: Identity,
): Promise<Admission | null> {
  if (!emailVerified) return null
  const email = identity.email.toLowerCase()
  const invitation = await findInvitationFor(db, email, now())
  if (invitation !== null && (await linkHolds(db, invitation))) {
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
  return provider === 'github' && asked.safeParse(profile).success ? { ...least, because: 'GitHub' } : null
}

/** One @, and all that follows it: `a@evil.example@acme.example` is of no domain. */
function isOfDomain(email: string, domains: readonly string[]): boolean {
  const [local, domain, more] = email.split('@')
  return Boolean(local) && more === undefined && domain !== undefined && domains.includes(domain)
}

/** Makes the account a member. False: the invitation was used or taken back in between. */
export function admit(
  { db, now, newId }: Pick<Deps, 'db' | 'now' | 'newId'>,
  userId: string,
  { provider, because, role, environments, addedBy, invitationId }: Admission,
): Promise<boolean> {
  return db.$transaction(async (tx) => {
    const at = now()
    if (invitationId !== null && !(await takeLink(tx, invitationId, userId, at))) return false
    await addMember(tx, { userId, role, environments, addedBy, at })
    await recordGiven({ newId }, tx, { userId, by: addedBy, at })
    const payload = { provider, because, role, environments }
    const email = await readAddress(tx, userId)
    const subject = { actor: email, at }
    await takeBackLinks(tx, { email }, subject)
    await appendAuditEvent(tx, subject, { action: 'console.member.admitted', status: null, payload })
    return true
  })
}
