import 'server-only'
import { type LinkRow, readLink } from '~/server/members/invitations'
import { readMember, readUserIdOf } from '~/server/members/members'
import type { DatabaseHandle } from '~/server/platform/database'

/** The link with this digest, while it can be used and holds. */
export async function usableLink(db: DatabaseHandle, digest: string, now: Date): Promise<LinkRow | null> {
  const link = await readLink(db, digest, now)
  return link !== null && (await linkHolds(db, link)) ? link : null
}

/** A link gives what its maker may give now: nobody comes back by one they made while they were an admin. */
export async function linkHolds(db: DatabaseHandle, { createdBy }: Pick<LinkRow, 'createdBy'>): Promise<boolean> {
  if (createdBy === 'console') return true
  const userId = await readUserIdOf(db, createdBy)
  const maker = userId === null ? null : await readMember(db, userId)
  return maker !== null && maker.suspendedAt === null && maker.role === 'admin' && maker.environments === null
}
