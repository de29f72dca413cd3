import { readdirSync, readlinkSync, rmSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { RunRequest } from '~/sandbox/runner/types'

/** An attempt's work directory exists only during its execution. */
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
    // Only Linux has /proc. On other systems, abandoned steps end by themselves.
    return []
  }
}

/** A killed sandbox leaves the steps of its runs running. Ends every process inside a work directory and removes the directories. */
export const clearLeftovers = (dir: string): void => {
  const work = path.resolve(dir, 'work')
  const abandoned = processIds().filter((pid) => `${workingDirectory(pid)}/`.startsWith(`${work}/`))
  for (const pid of abandoned) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // The process has ended already.
    }
  }
  rmSync(work, { recursive: true, force: true, maxRetries: 3 })
}
