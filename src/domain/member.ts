import { z } from 'zod'
import type { ProviderView } from '~/domain/account'
import { environmentName, id, nameText, storableText } from '~/domain/input'
import { ROLES, type Role } from '~/domain/permissions'

/** The sandbox's admin. It has no password: the link that `npm start` prints signs it in. */
export const SANDBOX_OPERATOR = { email: 'operator@sandbox.local', name: 'Sandbox operator' } as const

/** `setup` makes the first admin, `invitation` another member. `recovery`, the stored name of a password link, sets a new password. */
export const LINK_KINDS = ['setup', 'invitation', 'recovery'] as const
export type LinkKind = (typeof LINK_KINDS)[number]

export const SHORTEST_PASSWORD = 12

/** What a member may do. `environments: null`: all of them. */
export const memberLimits = z.object({
  role: z.enum(ROLES),
  environments: z.array(environmentName).min(1).max(50).nullable(),
})
export type MemberLimits = z.output<typeof memberLimits>

/** An admin could lift a limit of their own, so an admin has none. */
export const adminsReachAll = ({ role, environments }: Limits): boolean => role !== 'admin' || environments === null
export const ADMIN_LIMITED = 'cannot be limited for an admin; choose all environments or another role'

type Limits = Pick<MemberView, 'role' | 'environments'>

/** Whether the new limits permit anything that the old ones did not. */
export function widens(was: Limits, is: Limits): boolean {
  if (ROLES.indexOf(is.role) > ROLES.indexOf(was.role)) return true
  if (was.environments === null) return false
  return is.environments === null || is.environments.some((name) => !was.environments?.includes(name))
}

export const emailAddress = z.email().max(254).trim().toLowerCase()

/** The input of a form that uses a link. The sandbox's link needs only the token. */
export const acceptLinkInput = z.object({
  token: storableText.min(1).max(200),
  name: nameText.optional(),
  email: emailAddress.optional(),
  password: storableText.min(SHORTEST_PASSWORD, `is shorter than ${SHORTEST_PASSWORD} characters`).max(128).optional(),
})
export type AcceptLinkInput = z.output<typeof acceptLinkInput>

/** The signed-in member, and what the server lets them do. */
export interface MemberView {
  readonly role: Role
  /** Null: all of them. */
  readonly environments: readonly string[] | null
  readonly name: string
  readonly email: string
}

/** What a page starts from: the signed-in member, and how to sign in again when the session has ended. */
export interface PageMember extends MemberView {
  readonly providers: readonly ProviderView[]
}

const limited = { path: ['environments'], error: ADMIN_LIMITED }

export const inviteInput = memberLimits
  .extend({
    /** Null: the person who holds the link chooses the address. */
    email: emailAddress.nullable(),
  })
  .refine(adminsReachAll, limited)
export type InviteInput = z.output<typeof inviteInput>

export const changeMemberInput = memberLimits.extend({ userId: id }).refine(adminsReachAll, limited)
export type ChangeMemberInput = z.output<typeof changeMemberInput>

/** One row of the screen “People”. */
export interface MemberEntry extends MemberView {
  readonly userId: string
  readonly addedBy: string
  readonly addedAt: string
  /** Null while the member has access. */
  readonly suspendedAt: string | null
}

/** An invitation or a link for a new password that nobody has used yet. The link itself is not stored. */
export interface InvitationEntry {
  readonly id: string
  readonly kind: LinkKind
  readonly email: string | null
  readonly role: Role
  readonly environments: readonly string[] | null
  readonly createdBy: string
  readonly expiresAt: string
}
