import { readFileSync, statfsSync } from 'node:fs'

const MEMORY = '/dev/shm'
/** Far more than tests hold at any time: each running product keeps some 100 MB. */
const AMPLE = 2 * 1024 ** 3

/**
 * Where tests keep what they throw away: in memory, where Linux offers it in plenty and lets programs run from it; else
 * undefined, and it is the system's directory for such things. A database is 300 files, and tests make hundreds: on a disk
 * that has just deleted as many, one takes most of half a second, in memory a fiftieth.
 */
function scratchInMemory(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= AMPLE && runsPrograms(readFileSync('/proc/mounts', 'utf8')) ? MEMORY : undefined
  } catch {
    return undefined // no Linux, or none of it
  }
}

/** Of mounts on the same place, the last one counts. */
function runsPrograms(mounts: string): boolean {
  const mount = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, place]) => place === MEMORY)
  return mount?.[2] === 'tmpfs' && mount[3]?.split(',').includes('noexec') === false
}

/** Tests and all they start ask the environment where to put what they throw away. What the caller chose holds. */
export function keepScratchInMemory(env: NodeJS.ProcessEnv): void {
  const directory = scratchInMemory()
  if (directory !== undefined) env['TMPDIR'] ??= directory
}
