import { spawnSync } from 'node:child_process'

/** Whether a process still runs. A killed one may stay listed as a zombie until its parent collects it. */
export function isRunning(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
  return state !== '' && !state.startsWith('Z')
}
