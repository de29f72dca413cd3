import { setTimeout as delay } from 'node:timers/promises'
import { answersAs } from '~/sandbox/control/identity'
import { readListening } from '~/sandbox/state/listening'

const PATIENCE_MS = 3_000
const PAUSE_MS = 200

/**
 * Two sandboxes on one directory would overwrite each other's runs. One whose launcher has just died is given the moment
 * it needs to notice and to end.
 */
export const refuseSecond = async (dir: string): Promise<void> => {
  const other = readListening(dir)
  if (!other) return
  const until = Date.now() + PATIENCE_MS
  while (await answersAs(other)) {
    if (Date.now() > until) {
      throw new Error(
        `Another sandbox already uses ${dir}; it listens on ${other.url}. Stop it, or set SANDBOX_DIR to another directory.`,
      )
    }
    await delay(PAUSE_MS)
  }
}
