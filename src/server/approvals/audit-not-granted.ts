import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { findApproval } from '~/server/approvals/approvals'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { NO_REFUSAL, textsOf } from '~/server/deploys/admit/audit-rejections'
import type { Deps } from '~/server/deps'

/** Does the work of an approver; a refusal by the console itself leaves an audit row before it is thrown on. */
export async function auditingNotGranted<Answer>(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  actor: Actor,
  id: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError && !NO_REFUSAL.includes(error.code)) await record(deps, actor, id, error)
    throw error
  }
}

async function record(deps: Pick<Deps, 'db' | 'now' | 'logger'>, actor: Actor, id: string, error: AppError) {
  try {
    const row = await findApproval(deps.db, id)
    if (row === null) return
    const payload = { approval_id: id, code: error.code, details: textsOf(error.details) }
    const subject = { actor: actor.name, at: deps.now(), surfaceId: row.surfaceId }
    await appendAuditEvent(deps.db, subject, { action: 'console.approval.not_granted', status: null, payload })
  } catch (cause) {
    // The refusal stands, and is the answer, even when there is nowhere to write it down.
    deps.logger.error({ approvalId: id, code: error.code, err: cause }, 'a refused approval was not audited')
  }
}
