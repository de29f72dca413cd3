import { realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Account } from './account.ts'

/** Whether an account may read and enter what lies at a path: every directory above it counts too. */
export function reachableBy(account: Account, target: string): boolean {
  let current = realpathSync(target)
  if (!permits(account, current, 0o5)) return false
  while (current !== path.dirname(current)) {
    current = path.dirname(current)
    if (!permits(account, current, 0o1)) return false
  }
  return true
}

function permits(account: Account, file: string, wanted: number): boolean {
  const { mode, uid, gid } = statSync(file)
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
  return ((mode >> shift) & wanted) === wanted
}
