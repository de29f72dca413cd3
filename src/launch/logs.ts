import { mkdirSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { type Log, openLog } from '~/server/platform/open-log'
import type { Progress } from './progress.ts'

/** The logs of a start. PostgreSQL writes its own, `postgres.log` in `directory`. */
export interface Logs {
  readonly directory: string
  readonly server: PlacedLog
  readonly sandbox: PlacedLog
  /** Whether lines go to standard output, so that none of them has to be shown again. */
  readonly areShown: boolean
  readonly reopen: () => void
}

interface PlacedLog extends Log {
  /** For messages. */
  readonly place: string
}

/** Of a file below DATA_DIR, which nobody rotates. The one before it is kept. */
const FILE_BYTES = 50_000_000

const nothing = (): void => undefined

/** `logFile` is the setting: undefined for files below DATA_DIR, `off` for standard output, or the server's file. */
export function openLogs(
  {
    dataDir,
    projectDirectory,
    logFile,
  }: Readonly<Record<'dataDir' | 'projectDirectory', string>> & { logFile: string | undefined },
  progress: Pick<Progress, 'warn'>,
): Logs {
  const directory = path.join(dataDir, 'logs')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  beginNewFile(path.join(directory, 'postgres.log'))
  const areShown = logFile === 'off'
  const place = (file: string, atMostBytes?: number): PlacedLog => {
    if (areShown) return { ...openLog(undefined, nothing), place: 'standard output' }
    const full = path.resolve(projectDirectory, file)
    const warn = (code: string) => progress.warn(`The log ${full} cannot be written (${code}). Lines are lost.`)
    return { ...openLog(full, warn, atMostBytes), place: full }
  }
  const server = logFile === undefined ? place(path.join(directory, 'server.log'), FILE_BYTES) : place(logFile)
  const sandbox = place(path.join(directory, 'sandbox.log'), FILE_BYTES)
  return {
    directory,
    server,
    sandbox,
    areShown,
    reopen: () => {
      server.reopen()
      sandbox.reopen()
    },
  }
}

/** PostgreSQL keeps its file open, so only a start can begin a new one. */
function beginNewFile(file: string): void {
  try {
    if (statSync(file).size >= FILE_BYTES) renameSync(file, `${file}.1`)
  } catch {
    // There is none yet, or PostgreSQL continues with it.
  }
}
