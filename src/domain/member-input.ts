import { z } from 'zod'
import { environmentName, id, nameText, storableText } from '~/domain/input'
import { type MemberView, SHORTEST_PASSWORD } from '~/domain/member'
import { ROLES } from '~/domain/permissions'

/** What a member may do. `environments: null`: all of them. */
export const memberLimits = z.object({
  role: z.enum(ROLES),
  environments: z.array(environmentName).min(1).max(50).nullable(),
})
export type MemberLimits = z.output<typeof memberLimits>

/** An admin could lift a limit of their own, so an admin has none. */
export const adminsReachAll = ({ role, environments }: Pick<MemberView, 'role' | 'environments'>): boolean =>
  role !== 'admin' || environments === null
export const ADMIN_LIMITED = 'cannot be limited for an admin; choose all environments or another role'

export const emailAddress = z.email().max(254).trim().toLowerCase()

/** The input of a form that uses a link. The sandbox's link needs only the token. */
export const acceptLinkInput = z.object({
  token: storableText.min(1).max(200),
  name: nameText.optional(),
  email: emailAddress.optional(),
  password: storableText.min(SHORTEST_PASSWORD, `is shorter than ${SHORTEST_PASSWORD} characters`).max(128).optional(),
})
export type AcceptLinkInput = z.output<typeof acceptLinkInput>

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
