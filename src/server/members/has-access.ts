import 'server-only'
import type { Deps } from '~/server/deps'
import type { MemberRow } from '~/server/members/members'

export interface WithSandbox {
  readonly config: Pick<Deps['config'], 'sandboxUrl'>
}

/** Whether a member may come in. Who was made in the sandbox, where whoever starts it is an admin, may only there. */
export const hasAccess = (deps: WithSandbox, member: Pick<MemberRow, 'suspendedAt' | 'sandboxOnly'>): boolean =>
  member.suspendedAt === null && holds(deps, member)

/** Whether what was made in the sandbox, or was not, counts with the GitHub there is. */
export const holds = ({ config }: WithSandbox, { sandboxOnly }: Pick<MemberRow, 'sandboxOnly'>): boolean =>
  !sandboxOnly || config.sandboxUrl !== undefined

/** Whether what `by` gives now holds in the sandbox only. Not what is given on the machine: that is meant for good. */
export const givenInSandbox = ({ config }: WithSandbox, by: string): boolean =>
  config.sandboxUrl !== undefined && by !== 'console'
