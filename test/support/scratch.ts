import { readFileSync, statfsSync } from 'node:fs'

const MEMORY = '/dev/shm'
/** Far more than the tests use at any time; each running product keeps some 100 MB. */
const AMPLE = 2 * 1024 ** 3

/**
 * The in-memory directory for temporary files, if Linux has one that is large enough and allows executables; else undefined,
 * and the system's temporary directory is used. Tests create hundreds of databases of 300 files: one takes nearly half a
 * second on a disk that has just deleted as many, and a fiftieth of that in memory.
 */
function scratchInMemory(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= AMPLE && runsPrograms(readFileSync('/proc/mounts', 'utf8')) ? MEMORY : undefined
  } catch {
    return undefined // no Linux, or none of it
  }
}

/** If several mounts have the same path, the last one counts. */
function runsPrograms(mounts: string): boolean {
  const mount = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, place]) => place === MEMORY)
  return mount?.[2] === 'tmpfs' && mount[3]?.split(',').includes('noexec') === false
}

/** Sets TMPDIR for the tests and everything they start, unless the caller has set it. */
export function keepScratchInMemory(env: NodeJS.ProcessEnv): void {
  const directory = scratchInMemory()
  if (directory !== undefined) env['TMPDIR'] ??= directory
}
