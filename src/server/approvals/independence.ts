import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { Deps } from '~/server/deps'
import { areLinked } from '~/server/members/access-given.sql'
import type { DatabaseHandle } from '~/server/platform/database'

const HOURS = 24

interface Request {
  readonly requestedAt: Date
  readonly requestedBy: string
  readonly requestedByUserId: string
}

/**
 * Somebody who may invite people, raise roles or hand out password links could otherwise use two accounts and approve alone.
 * The sandbox does not check this: one person tries everything there. `kept` completes the error: what was not done.
 *
 * @throws AppError `approver_linked`
 */
export async function requireIndependence(
  { config }: Pick<Deps, 'config'>,
  tx: DatabaseHandle,
  approver: Actor,
  request: Request,
  kept: string,
): Promise<void> {
  if (config.sandboxUrl !== undefined) return
  const { requestedAt, requestedBy, requestedByUserId } = request
  const since = new Date(requestedAt.getTime() - HOURS * 3_600_000)
  if (!(await areLinked(tx, { one: approver.userId, other: requestedByUserId, since }))) return
  throw new AppError(
    'approver_linked',
    `You and ${requestedBy} are linked: one of you gave the other access, or the same person gave access to both, less than ` +
      `${HOURS} hours before the request or after it. Both accounts could belong to one person. ${kept} ` +
      `Ask another approver, or send a new request ${HOURS} hours after that access was given.`,
    { details: { requested_by: requestedBy } },
  )
}
