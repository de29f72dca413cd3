import 'server-only'
import type { MemberRow } from '~/server/db/members'
import type { Deps } from '~/server/deps'

export interface WithSandbox {
  readonly config: Pick<Deps['config'], 'sandboxUrl'>
}

/** Whether a member may come in. Who was made in the sandbox, where whoever starts it is an admin, may only there. */
export const hasAccess = (
  { config }: WithSandbox,
  { suspendedAt, sandboxOnly }: Pick<MemberRow, 'suspendedAt' | 'sandboxOnly'>,
): boolean => suspendedAt === null && (!sandboxOnly || config.sandboxUrl !== undefined)

/** Whether what `by` gives now holds in the sandbox only. Not what is given on the machine: that is meant for good. */
export const givenInSandbox = ({ config }: WithSandbox, by: string): boolean =>
  config.sandboxUrl !== undefined && by !== 'console'
