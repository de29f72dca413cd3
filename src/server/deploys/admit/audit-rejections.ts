import 'server-only'
import type { Actor } from '~/domain/actor'
import type { DispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { appendAuditEvent, tokenOwner } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'

/** Not a refusal: the database may fail after the intent was recorded. */
export const UNAUDITED_CODES: readonly string[] = ['database_unavailable']

/**
 * Runs `dispatch`. When the console refuses, an audit row records the refusal before the error is rethrown. The row leaves out the
 * typed confirmation: a password is easily pasted into the wrong field.
 */
export async function auditRejections<Answer>(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  actor: Actor,
  input: Pick<DispatchInput, 'surfaceId' | 'ref'>,
  dispatch: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await dispatch()
  } catch (error) {
    if (error instanceof AppError && !UNAUDITED_CODES.includes(error.code))
      await auditRejection(deps, actor, input, error)
    throw error
  }
}

async function auditRejection(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  actor: Actor,
  input: Pick<DispatchInput, 'surfaceId' | 'ref'>,
  error: AppError,
): Promise<void> {
  const subject = { actor: actor.name, at: deps.now(), surfaceId: input.surfaceId }
  const payload = { code: error.code, ref: input.ref, details: stringDetails(error.details), ...tokenOwner(actor) }
  try {
    await appendAuditEvent(deps.db, subject, { action: 'console.deploy.dispatch_rejected', status: null, payload })
  } catch (cause) {
    // A failing database must not replace the refusal as the answer.
    deps.logger.error(
      { surfaceId: input.surfaceId, code: error.code, err: cause },
      'the refusal of a dispatch was not audited',
    )
  }
}

/** The text details of a refusal, such as SHAs, ids and names. */
export function stringDetails(details: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(details).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
