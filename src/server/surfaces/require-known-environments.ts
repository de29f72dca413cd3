import 'server-only'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import type { DatabaseHandle } from '~/server/platform/database'
import { listEnvironments } from '~/server/surfaces/surfaces'

/**
 * Refuses the name of an environment that no surface has: a freeze or a limit on it would hold nothing, and whoever set it would
 * believe otherwise. `notDone` ends the message.
 */
export async function requireKnownEnvironments(
  db: DatabaseHandle,
  names: readonly string[],
  notDone: string,
): Promise<void> {
  const known = await listEnvironments(db)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const choices = known.length === 0 ? 'No surface is declared yet.' : `The environments are ${known.join(', ')}.`
  throw new AppError('invalid_input', `No surface has the environment "${inSentence(unknown)}". ${choices} ${notDone}`)
}
