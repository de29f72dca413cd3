import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Identifies a process beyond its number, which the system reuses. Undefined for a zombie too: in a container without an init,
 * zombies stay, and `kill(pid, 0)` finds them.
 */
export function processIdentity(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return process.platform === 'linux' ? linuxIdentity(pid) : portableIdentity(pid)
}

export function isAlive(pid: number): boolean {
  return processIdentity(pid) !== undefined
}

/** The working directory of a process, if it is readable. */
export function workingDirectoryOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`)
    const output = run('lsof', ['-a', '-p', String(pid), '-d', 'cwd', '-Fn'])
    return output
      ?.split('\n')
      .find((line) => line.startsWith('n'))
      ?.slice(1)
  } catch {
    return undefined
  }
}

/** proc(5): after the name in parentheses come the state and, as the 20th field, the start time. */
function linuxIdentity(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  return state === 'Z' || state === 'X' ? undefined : `started at tick ${fields[19]}`
}

function portableIdentity(pid: number): string | undefined {
  const output = run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])?.trim()
  if (output === undefined || output === '' || output.startsWith('Z')) return undefined
  return output.slice(output.indexOf(' ')).trim()
}

function run(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' })
  } catch {
    return undefined
  }
}
