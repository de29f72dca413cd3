import { answersAs } from '~/sandbox/control/identity'
import { readListening } from '~/sandbox/state/listening'

/** Two sandboxes on one directory would overwrite each other's runs. */
export const refuseSecond = async (dir: string): Promise<void> => {
  const other = readListening(dir)
  if (!other || !(await answersAs(other))) return
  throw new Error(
    `Another sandbox already uses ${dir}; it listens on ${other.url}. Stop it, or set SANDBOX_DIR to another directory.`,
  )
}
