import 'server-only'
import { hasAccess, type WithSandbox } from '~/server/members/has-access'
import { type LinkRow, readLink } from '~/server/members/invitations'
import { readMember, readUserIdOf } from '~/server/members/members'
import type { DatabaseHandle } from '~/server/platform/database'

/** The link with this digest, while it can be used and holds. */
export async function usableLink(
  deps: WithSandbox,
  db: DatabaseHandle,
  digest: string,
  now: Date,
): Promise<LinkRow | null> {
  const link = await readLink(db, digest, now)
  return link !== null && (await linkHolds(deps, db, link)) ? link : null
}

/** A link gives what its maker may give now: nobody comes back by one they made while they were an admin. */
export async function linkHolds(
  deps: WithSandbox,
  db: DatabaseHandle,
  { createdBy }: Pick<LinkRow, 'createdBy'>,
): Promise<boolean> {
  if (createdBy === 'console') return true
  const userId = await readUserIdOf(db, createdBy)
  const maker = userId === null ? null : await readMember(db, userId)
  return maker !== null && hasAccess(deps, maker) && maker.role === 'admin' && maker.environments === null
}
