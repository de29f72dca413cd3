import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { writePrivateFile } from './private-files.ts'
import { processIdentity } from './process-state.ts'

const holder = z.object({
  pid: z.number(),
  /** Distinguishes the holder from a later process with the same number. */
  identity: z.string(),
  purpose: z.string(),
  url: z.string().optional(),
})
type Holder = z.infer<typeof holder>

interface LaunchLock {
  /** Stores the console's address for the message of a second start. */
  readonly publish: (url: string) => void
  readonly release: () => void
}

/** Allows one launch at a time per DATA_DIR. After a `kill -9` the file stays, and the next start sees that its holder is gone. */
export function acquireLock(dataDir: string, purpose: string): LaunchLock {
  const file = path.join(dataDir, 'launch.lock')
  const self: Holder = { pid: process.pid, identity: processIdentity(process.pid) ?? '', purpose }
  const mine = path.join(dataDir, `.launch.${randomUUID()}`)
  writeFileSync(mine, JSON.stringify(self), { mode: 0o600 })
  try {
    // A link is created only under a free name, and appears with its content.
    for (let attempt = 0; !linked(mine, file); attempt += 1) {
      const other = readHolder(file)
      if (attempt > 20 || (other !== undefined && processIdentity(other.pid) === other.identity))
        throw busy(dataDir, other)
      removeStale(file, other)
    }
  } finally {
    rmSync(mine, { force: true })
  }
  return {
    publish: (url) => writePrivateFile(file, JSON.stringify({ ...self, url })),
    release: () => {
      if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true })
    },
  }
}

/** The address of the running console on a data directory, if one runs. */
export function runningConsole(dataDir: string): string | undefined {
  const found = readHolder(path.join(dataDir, 'launch.lock'))
  return found !== undefined && processIdentity(found.pid) === found.identity ? found.url : undefined
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Two starts may find the same stale lock. So the moved file is read again, and put back if it is a new lock. */
function removeStale(file: string, judged: Holder | undefined): void {
  const aside = `${file}.${randomUUID()}`
  try {
    renameSync(file, aside)
  } catch {
    return // another start was faster
  }
  const moved = readHolder(aside)
  if (moved !== undefined && moved.identity !== judged?.identity) linked(aside, file)
  rmSync(aside, { force: true })
}

function readHolder(file: string): Holder | undefined {
  try {
    return holder.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

function busy(dataDir: string, other: Holder | undefined): Error {
  const who = other === undefined ? 'Another start' : `Process ${other.pid} (${other.purpose})`
  const where = other?.url === undefined ? '' : ` The console is at ${other.url}.`
  return new Error(
    `${who} is already running on ${dataDir}.${where} Nothing was started. ` +
      `Stop that one first${other === undefined ? '' : ` (kill ${other.pid})`}, or set DATA_DIR to another directory.`,
  )
}
