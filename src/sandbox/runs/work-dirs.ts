import { readdirSync, readlinkSync, rmSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { RunRequest } from '~/sandbox/runner/types'

/** The scratch directory exists only while the attempt is executed. */
export const createWorkDir = async ({ workDir }: Pick<RunRequest, 'workDir'>): Promise<void> => {
  await mkdir(workDir, { recursive: true, mode: 0o700 })
}

export const removeWorkDir = async ({ workDir }: Pick<RunRequest, 'workDir'>): Promise<void> => {
  await rm(workDir, { recursive: true, force: true, maxRetries: 3 })
}

const workingDirectory = (pid: string): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

const processIds = (): string[] => {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    // Only Linux has /proc; elsewhere a step that outlived its sandbox ends by itself.
    return []
  }
}

/**
 * A sandbox that was killed leaves the steps of its runs going. GitHub ends a lost runner's machine; we end whatever
 * still works inside a scratch directory, and remove those directories.
 */
export const clearLeftovers = (dir: string): void => {
  const work = path.resolve(dir, 'work')
  const abandoned = processIds().filter((pid) => `${workingDirectory(pid)}/`.startsWith(`${work}/`))
  for (const pid of abandoned) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // Ended in the meantime.
    }
  }
  rmSync(work, { recursive: true, force: true, maxRetries: 3 })
}
