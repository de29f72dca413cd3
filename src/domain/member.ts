import { z } from 'zod'
import { ROLES, type Role } from '~/domain/permissions'

/** The sandbox's own admin: signs in by the printed link only, and only while the console runs against the sandbox. */
export const SANDBOX_OPERATOR = { email: 'operator@sandbox.local', name: 'Sandbox operator' } as const

export const SHORTEST_PASSWORD = 12

const environmentName = z.string().min(1).max(100)

/** What somebody may do here; `environments: null` is all of them. */
export const memberLimits = z.object({
  role: z.enum(ROLES),
  environments: z.array(environmentName).min(1).max(50).nullable(),
})
export type MemberLimits = z.output<typeof memberLimits>

export const emailAddress = z.email().max(254).trim().toLowerCase()

/** What a link is answered with. The one-click link of the sandbox takes nothing but itself. */
export const acceptLinkInput = z.object({
  token: z.string().min(1).max(200),
  name: z.string().trim().min(1).max(100).optional(),
  email: emailAddress.optional(),
  password: z.string().min(SHORTEST_PASSWORD, `is shorter than ${SHORTEST_PASSWORD} characters`).max(128).optional(),
})
export type AcceptLinkInput = z.output<typeof acceptLinkInput>

/** Who looks at the screen, and what the server lets them do. */
export interface MemberView {
  readonly role: Role
  /** Null: all of them. */
  readonly environments: readonly string[] | null
  readonly name: string
  readonly email: string
}
