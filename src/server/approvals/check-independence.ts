import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { ApprovalRow } from '~/server/approvals/approvals'
import type { Deps } from '~/server/deps'
import { areLinked } from '~/server/members/access-given.sql'
import type { DatabaseHandle } from '~/server/platform/database'

const HOURS = 24

/**
 * Two user ids are two people only when neither was made by the other for the occasion: whoever may invite, raise or hand out
 * links for passwords could otherwise be both. In the sandbox, where one person tries everything out, it is not asked.
 *
 * @throws AppError `approver_linked`
 */
export async function checkIndependence(
  { config }: Pick<Deps, 'config'>,
  tx: DatabaseHandle,
  approver: Actor,
  row: ApprovalRow,
): Promise<void> {
  if (config.sandboxUrl !== undefined) return
  const since = new Date(row.requestedAt.getTime() - HOURS * 3_600_000)
  if (!(await areLinked(tx, { one: approver.userId, other: row.requestedByUserId, since }))) return
  throw new AppError(
    'approver_linked',
    `Less than ${HOURS} hours before ${row.requestedBy} asked, or since, one of you two was given access by the other, or both ` +
      'were by the same people, so you may be one person. Nothing was deployed, and it goes on waiting: somebody else ' +
      `approves it, or it is asked for again ${HOURS} hours after that.`,
    { details: { requested_by: row.requestedBy } },
  )
}
