import 'server-only'
import type { Actor } from '~/domain/actor'
import type { DispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { appendAuditEvent, tokenOwner } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'

/** No refusal: the database may go away after the intent was recorded. */
export const NO_REFUSAL: readonly string[] = ['database_unavailable']

/**
 * Does the work of a dispatch; a refusal by the console itself leaves an audit row before it is thrown on. What the
 * operator typed is no part of it: somebody else's password is easily pasted into the wrong field.
 */
export async function auditingRejections<Answer>(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  actor: Actor,
  input: Pick<DispatchInput, 'surfaceId' | 'ref'>,
  dispatch: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await dispatch()
  } catch (error) {
    if (error instanceof AppError && !NO_REFUSAL.includes(error.code)) await record(deps, actor, input, error)
    throw error
  }
}

async function record(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  actor: Actor,
  input: Pick<DispatchInput, 'surfaceId' | 'ref'>,
  error: AppError,
): Promise<void> {
  const subject = { actor: actor.name, at: deps.now(), surfaceId: input.surfaceId }
  const payload = { code: error.code, ref: input.ref, details: textsOf(error.details), ...tokenOwner(actor) }
  try {
    await appendAuditEvent(deps.db, subject, { action: 'console.deploy.dispatch_rejected', status: null, payload })
  } catch (cause) {
    // The refusal stands, and is the answer, even when there is nowhere to write it down.
    deps.logger.error(
      { surfaceId: input.surfaceId, code: error.code, err: cause },
      'a refused dispatch was not audited',
    )
  }
}

/** SHAs, ids, names: what a refusal says beside its code. */
export function textsOf(details: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(details).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
